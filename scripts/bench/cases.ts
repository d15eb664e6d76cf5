import { z } from 'zod';
import { AppError } from '#lib/errors';
import type { Measured, Size } from './bench-model';

/** Ours, PyTorch or transformers as it is, and the same with the huge pages that our processes have. */
export const sides = ['plumbline', 'reference', 'reference-huge-pages'] as const;
export type Side = (typeof sides)[number];

export interface BenchCase {
  readonly id: string;
  readonly kind: 'train' | 'greedy' | 'sampling' | 'ragged';
  /** What the numbers of the last line are named by, below the kind; null where the kind has one number. */
  readonly key: string | null;
  readonly size: Size;
  /** File below scripts/bench and its arguments. */
  readonly ours: readonly string[];
  /** File and its arguments; the number of threads comes last. `$BENCH` is the folder of the other side's scripts. */
  readonly theirs: readonly string[];
  /** Values of `$BATCH` in the arguments that are tried first: each side takes its best. */
  readonly batches?: { readonly ours: readonly number[]; readonly theirs: readonly number[] };
}

const newTokens = '96';
const promptTokens = '32';

function training(size: Size, steps: number): BenchCase {
  return {
    id: `train.${size}`,
    kind: 'train',
    key: size,
    size,
    ours: ['engine-train.ts', size, String(steps)],
    // Its first step is not counted, ours are two.
    theirs: ['$BENCH/train.py', size, String(steps + 1)],
  };
}

function generation(kind: 'greedy' | 'sampling', batch: number): BenchCase {
  const mode = kind === 'greedy' ? 'greedy' : 'sample';
  return {
    id: `${kind}.${batch}`,
    kind,
    key: String(batch),
    size: 'S',
    ours: ['engine-generate.ts', String(batch), newTokens, promptTokens, mode],
    theirs: ['$BENCH/decode.py', String(batch), newTokens, promptTokens, mode],
  };
}

export const cases: readonly BenchCase[] = [
  training('A', 15),
  training('S', 8),
  generation('greedy', 1),
  generation('greedy', 8),
  generation('greedy', 32),
  generation('sampling', 8),
  {
    id: 'ragged',
    kind: 'ragged',
    key: null,
    size: 'S',
    ours: ['engine-ragged.ts', '$LOAD', '$BATCH'],
    theirs: ['ragged.py', '$LOAD', '$BATCH'],
    // Rows; and prompts of four rows each.
    batches: { ours: [32, 64, 128], theirs: [8, 16, 32] },
  },
];

/** Cases whose id or kind is in a list such as `train,greedy.8`. Throws BAD_INPUT naming what is unknown. */
export function chooseCases(only: string | undefined): readonly BenchCase[] {
  if (only === undefined) return cases;
  const wanted = only.split(',').map((each) => each.trim());
  const unknown = wanted.find((each) => !cases.some(({ id, kind }) => each === id || each === kind));
  if (unknown !== undefined) {
    throw new AppError('BAD_INPUT', `There is no benchmark "${unknown}".`, {
      remedy: `Choose of ${cases.map(({ id }) => id).join(', ')}.`,
    });
  }
  return cases.filter(({ id, kind }) => wanted.includes(id) || wanted.includes(kind));
}

const printed = z.object({ best: z.number().positive(), median: z.number().positive(), cpuMs: z.number().nonnegative() });

/** The numbers in what a process printed: a line of JSON, or the sentence of train.py or decode.py. Undefined where there are none. */
export function readMeasured(output: string): Measured | undefined {
  for (const line of output.trim().split('\n').reverse()) {
    const json = line.startsWith('{') ? printed.safeParse(JSON.parse(line)) : undefined;
    if (json?.success) return json.data;
    const train = /min tok\/s (\d+) med (\d+) cpu ms\/step (\d+)/.exec(line);
    if (train) return { best: Number(train[1]), median: Number(train[2]), cpuMs: Number(train[3]) };
    const decode = /best tok\/s (\d+) cpu ms\/token-step ([\d.]+)/.exec(line);
    if (decode) return { best: Number(decode[1]), median: Number(decode[1]), cpuMs: Number(decode[2]) };
  }
  return undefined;
}
