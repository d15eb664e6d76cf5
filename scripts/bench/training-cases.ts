import { z } from 'zod';
import { AppError } from '#lib/errors';
import type { Size } from './bench-model';

export const trainingSides = ['plumbline', 'trl'] as const;
export type TrainingSide = (typeof trainingSides)[number];

export interface TrainingCase {
  readonly id: string;
  /** Names the number in the last line: group, then key. */
  readonly group: 'sft' | 'reward' | 'dpo' | 'ppo';
  readonly key: string;
  /** What training-ours.ts and training_trl.py call it. */
  readonly work: 'sft' | 'reward' | 'rankings' | 'dpo' | 'ppo';
  readonly size: Size;
  /** Counted updates of a process; iterations of PPO. */
  readonly repetitions: number;
  readonly unit: string;
}

function trainingCase(work: TrainingCase['work'], size: Size, repetitions: number, unit: string, key: string = size): TrainingCase {
  const group = work === 'rankings' ? 'reward' : work;
  return { id: `${group}.${key}`, group, key, work, size, repetitions, unit };
}

export const trainingCases: readonly TrainingCase[] = [
  trainingCase('sft', 'A', 12, 'tokens/s'),
  trainingCase('sft', 'S', 8, 'tokens/s'),
  trainingCase('reward', 'A', 10, 'pairs/s'),
  trainingCase('reward', 'S', 8, 'pairs/s'),
  trainingCase('rankings', 'A', 5, 'rankings/s', 'K4'),
  trainingCase('dpo', 'A', 10, 'pairs/s'),
  trainingCase('dpo', 'S', 6, 'pairs/s'),
  trainingCase('ppo', 'A', 3, 'iterations/s'),
];

/** Cases whose id or group is in a list such as `sft,dpo.A`. Throws BAD_INPUT naming what is unknown. */
export function chooseTrainingCases(only: string | undefined): readonly TrainingCase[] {
  if (only === undefined) return trainingCases;
  const wanted = only.split(',').map((each) => each.trim());
  const unknown = wanted.find((each) => !trainingCases.some(({ group, id }) => each === id || each === group));
  if (unknown !== undefined) {
    throw new AppError('BAD_INPUT', `There is no benchmark "${unknown}".`, {
      remedy: `Choose of ${trainingCases.map(({ id }) => id).join(', ')}.`,
    });
  }
  return trainingCases.filter(({ group, id }) => wanted.includes(id) || wanted.includes(group));
}

const printed = z.object({
  /** Of each counted update. */
  seconds: z.array(z.number().positive()).min(1),
  /** What one update works on: tokens, pairs, rankings; 1 for an iteration of PPO. */
  units: z.number().positive(),
  /** Processor time of all threads, an update. */
  cpuMs: z.number().nonnegative(),
  /** Seconds of the fastest iteration of PPO. */
  phases: z.object({ generate: z.number(), score: z.number(), update: z.number() }).nullable(),
});
export type TrainingMeasured = z.infer<typeof printed>;

/** The numbers in the last line of JSON that a process printed. Undefined where there are none. */
export function readTrainingMeasured(output: string): TrainingMeasured | undefined {
  for (const line of output.trim().split('\n').reverse()) {
    if (!line.startsWith('{"seconds"')) continue;
    const parsed = printed.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}
