/** Positions that key/value caches grow by; each capacity has a graph of its own, so there are few of them. */
const smallest = 64;

/**
 * Cache positions for rows of `length`: the next multiple of 64, of 128 above 512, of 256 above 1,024 and so on; at most the context.
 */
export function cacheCapacity(length: number, contextLength: number): number {
  let step = smallest;
  while (length > step * 8) step *= 2;
  return Math.min(contextLength, Math.ceil(length / step) * step);
}
