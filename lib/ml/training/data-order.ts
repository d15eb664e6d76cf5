import { createRandom } from '#lib/domain/random';

export function stepsPerEpoch(examples: number, batchSize: number): number {
  return Math.ceil(examples / batchSize);
}

/**
 * The batch of update `step` (from 0). The order of an epoch is a function of (seed, name, epoch): the step alone is the data cursor, so a
 * resumed run reads on where the other stopped. The last batch of an epoch may be smaller.
 */
export function batchOf<T>(
  items: readonly T[],
  at: { readonly seed: number; readonly name: string; readonly batchSize: number; readonly step: number },
): T[] {
  const steps = stepsPerEpoch(items.length, at.batchSize);
  const order = createRandom(at.seed, at.name, 'order', Math.floor(at.step / steps)).shuffle(items);
  const first = (at.step % steps) * at.batchSize;
  return order.slice(first, first + at.batchSize);
}
