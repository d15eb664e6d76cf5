import { expect } from 'vitest';
import { createRandom } from '#lib/domain/random';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import type { LanguageModel } from '#lib/ml/nn/language-model';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import type { PreferencePair, Split } from '#lib/ml/training/examples';

/** Runs a trainer to its end, or up to and with step `stopAfter`. */
export async function follow<Result>(training: AsyncGenerator<StepMetrics, Result>, stopAfter?: number) {
  const rows: StepMetrics[] = [];
  for (;;) {
    const next = await training.next();
    if (next.done) return { rows, result: next.value };
    rows.push(next.value);
    if (next.value.step === stopAfter && !next.value.phase.startsWith('reference')) {
      await training.return(undefined as never);
      return { rows, result: undefined };
    }
  }
}

/** Rows of updates, without what depends on the clock. */
export function comparable(rows: readonly StepMetrics[]): StepMetrics[] {
  return rows
    .filter(({ phase }) => !phase.startsWith('reference'))
    .map((row) => ({
      ...row,
      metrics: Object.fromEntries(Object.entries(row.metrics).filter(([name]) => !name.startsWith('time/'))),
    }));
}

/** As a file would hold it. */
export function stored(rows: readonly StepMetrics[]): CheckpointData {
  const { checkpoint } = rows.at(-1) as StepMetrics;
  if (checkpoint === undefined) throw new Error('the last row has no checkpoint');
  return { ...checkpoint, json: JSON.parse(JSON.stringify(checkpoint.json)) };
}

/** Everything that is trained, by name. */
export function trained(model: LanguageModel): Map<string, Float32Array> {
  return new Map([...model.trunk.trainable].map(([name, parameter]) => [name, parameter.values()]));
}

/** Largest difference of any value of any tensor. */
export function largestDifference(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  expect([...a.keys()]).toEqual([...b.keys()]);
  let worst = 0;
  for (const [name, values] of a) {
    const others = b.get(name) as Float32Array;
    for (const [index, value] of values.entries()) worst = Math.max(worst, Math.abs(value - (others[index] ?? Number.NaN)));
  }
  return worst;
}

/** Loss and gradient with respect to one vector; checks that nothing stays behind. */
export function differentiate(
  engine: Engine,
  values: readonly number[],
  loss: (x: Tensor) => Tensor,
): { loss: number; gradient: number[] } {
  const parameter = engine.parameter('x', [values.length], Float32Array.from(values));
  const before = engine.tensorCount();
  const result = engine.gradients(new Map([['x', parameter]]), () => ({ loss: loss(parameter.read()) }));
  const gradient = result.gradients.get('x') as Tensor;
  const numbers = Array.from(engine.read(gradient));
  engine.dispose(gradient);
  expect(engine.tensorCount()).toBe(before);
  parameter.dispose();
  return { loss: result.loss, gradient: numbers };
}

/** Central differences of a function of plain numbers. */
export function slopes(values: readonly number[], f: (x: readonly number[]) => number, h = 1e-5): number[] {
  return values.map((value, index) => (f(values.with(index, value + h)) - f(values.with(index, value - h))) / (2 * h));
}

export function expectClose(actual: readonly number[], expected: readonly number[], digits = 5): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(actual[index], `value ${index}`).toBeCloseTo(value, digits);
}

/** Pairs on the tiny model's vocabulary: prompts and answers of several lengths, some prompts with two pairs; every fourth prompt validates. */
export function tinyPairs(count: number, seed = 1): PreferencePair[] {
  const random = createRandom(seed, 'tiny-pairs');
  const tokens = (length: number) => Array.from({ length }, () => 3 + random.integer(9));
  return Array.from({ length: count }, (_, index) => {
    const place = index - (index % 3 === 2 ? 1 : 0);
    const split: Split = place % 4 === 3 ? 'VALIDATION' : 'TRAIN';
    const prompt = [1, 3 + (place % 9), 3 + ((place * 5) % 9)];
    return {
      pairId: `pair${index}`,
      promptId: `p${place}`,
      split,
      prompt,
      // What is preferred holds the token 7.
      chosen: [7, ...tokens(1 + random.integer(3)), 2],
      rejected: [...tokens(1 + random.integer(4)), 4, 2],
      weight: index % 5 === 0 ? 0.5 : 1,
      margin: null,
    };
  });
}
