import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import { chunk } from '#lib/ml/batches';
import { batchOf, stepsPerEpoch } from '#lib/ml/training/data-order';
import type { SftExample } from '#lib/ml/training/examples';
import { packTexts } from '#lib/ml/training/packing';
import { layRows, lengthOf, type TokenRows } from '#lib/ml/training/token-rows';
import type { SftConfig } from './sft-config';

interface SftPlan {
  readonly totalSteps: number;
  /** Updates in which as many examples are drawn as there are. */
  readonly epochSteps: number;
  /** The examples of update `step` (from 0): a function of (seed, step) alone, so that a resumed run draws what the unbroken one would have. */
  batch(step: number): readonly SftExample[];
}

const nameOfOrder = 'sft';

/** Tasks in the proportions of their weights: after every draw each has been drawn as often as its share says, within one. */
function drawTasks(weights: readonly number[], draws: number): { readonly task: Uint16Array; readonly ordinal: Int32Array } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map(() => 0);
  const task = new Uint16Array(draws);
  const ordinal = new Int32Array(draws);
  for (let draw = 0; draw < draws; draw += 1) {
    let chosen = 0;
    let most = Number.NEGATIVE_INFINITY;
    weights.forEach((weight, index) => {
      const owed = (weight / total) * (draw + 1) - (counts[index] ?? 0);
      if (owed > most + 1e-9) [chosen, most] = [index, owed];
    });
    task[draw] = chosen;
    ordinal[draw] = counts[chosen] ?? 0;
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  return { task, ordinal };
}

/** The k-th example of a task: its passes follow each other, each in an order that is a function of (seed, task, pass). */
function inPasses(examples: readonly SftExample[], seed: number, task: string): (ordinal: number) => SftExample {
  let current = -1;
  let order: readonly SftExample[] = [];
  return (ordinal) => {
    const pass = Math.floor(ordinal / examples.length);
    if (pass !== current) {
      order = createRandom(seed, nameOfOrder, 'order', task, pass).shuffle(examples);
      current = pass;
    }
    return order[ordinal % examples.length] as SftExample;
  };
}

function planMixture(
  byTask: ReadonlyMap<string, readonly SftExample[]>,
  config: SftConfig,
  epochSteps: number,
  totalSteps: number,
): SftPlan {
  const { batchSize, seed } = config;
  const weights = new Map(Object.entries(config.tasks ?? {}));
  const absent = [...weights.keys()].find((task) => !byTask.has(task));
  const unweighted = [...byTask.keys()].find((task) => !weights.has(task));
  if (absent !== undefined || unweighted !== undefined) {
    const message = absent === undefined ? `Task "${unweighted}" has no weight.` : `No training example is of the task "${absent}".`;
    throw new AppError('BAD_INPUT', message, {
      details: { tasks: [...byTask.keys()] },
      remedy: 'Name every task of the training data in "tasks", and no other.',
    });
  }
  // equal weights take turns in an order of the seed
  const names = createRandom(seed, nameOfOrder, 'tasks').shuffle([...weights.keys()].sort());
  const drawn = drawTasks(
    names.map((name) => weights.get(name) ?? 0),
    totalSteps * batchSize,
  );
  const sources = names.map((name) => inPasses(byTask.get(name) ?? [], seed, name));
  return {
    totalSteps,
    epochSteps,
    batch: (step) =>
      Array.from({ length: batchSize }, (_, index) => {
        const draw = step * batchSize + index;
        const source = sources[drawn.task[draw] ?? 0] as (ordinal: number) => SftExample;
        return source(drawn.ordinal[draw] ?? 0);
      }),
  };
}

function groupByTask(examples: readonly SftExample[]): Map<string, SftExample[]> {
  const groups = new Map<string, SftExample[]>();
  for (const example of examples) {
    const group = groups.get(example.task) ?? [];
    groups.set(example.task, group);
    group.push(example);
  }
  return groups;
}

/** Which examples each update takes. Throws BAD_INPUT where tasks and weights do not name the same. */
export function planSft(examples: readonly SftExample[], config: SftConfig): SftPlan {
  const { batchSize, seed } = config;
  const epochSteps = stepsPerEpoch(examples.length, batchSize);
  const totalSteps = config.steps ?? epochSteps * config.epochs;
  if (config.tasks !== null) return planMixture(groupByTask(examples), config, epochSteps, totalSteps);
  return { totalSteps, epochSteps, batch: (step) => batchOf(examples, { seed, name: nameOfOrder, batchSize, step }) };
}

export interface LaidExamples {
  readonly rows: TokenRows;
  /** Task of every prediction of the rows. */
  readonly tasks: readonly string[];
}

/** Predictions that a text adds to its rows: the first token of all is predicted from nothing. */
function predictionsOf({ text: { branches = [], prefix } }: SftExample): number {
  const learnt = (tokens: readonly number[], weights: readonly number[] | undefined, from: number) =>
    weights === undefined ? tokens.length - from : weights.slice(from).filter((weight) => weight > 0).length;
  return branches.reduce((count, { tokens, weights }) => count + learnt(tokens, weights, 0), learnt(prefix.tokens, prefix.weights, 1));
}

interface RowSettings {
  readonly padId: number;
  readonly contextLength: number;
  /** Length of packed rows; null = one example a row, as long as the longest of them. */
  readonly packedLength: number | null;
}

/**
 * Examples as rows, at most `size` of them together. The longest come first: rows that are computed together are of about one length. That changes
 * nothing but how much padding there is, for losses are divided by the tokens of the whole batch.
 */
export function layExamples(examples: readonly SftExample[], size: number, settings: RowSettings): LaidExamples[] {
  const { contextLength, packedLength, padId } = settings;
  const byLength = [...examples].sort((a, b) => lengthOf(b.text) - lengthOf(a.text));
  return chunk(byLength, size).map((part) => {
    const packed =
      packedLength === null
        ? part.map((_, index) => [index])
        : packTexts(
            part.map(({ text }) => text),
            packedLength,
          );
    const placed = packed.map((row) => row.map((index) => part[index] as SftExample));
    const rows = layRows(
      placed.map((row) => row.map(({ text }) => text)),
      { padId, contextLength, ...(packedLength === null ? {} : { time: packedLength }) },
    );
    const tasks = placed.flat().flatMap((each) => new Array<string>(predictionsOf(each)).fill(each.task));
    return { rows, tasks };
  });
}
