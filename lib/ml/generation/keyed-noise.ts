/**
 * Noise that depends only on what it is for: (seed, prompt, sample, position) always give the same number, whichever batch the row
 * is in and whatever was drawn before.
 */

/** The finalizer of MurmurHash3 (Appleby): every input bit changes every output bit with probability near one half. */
function mix(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function absorb(state: number, word: number): number {
  return mix((Math.imul(state, 5) + 0xe6546b64) ^ mix(word + 0x9e3779b9));
}

/** Words of a key: texts by their UTF-16 units, numbers by both halves of their float64. */
function keyWords(key: string | number): Uint32Array | number[] {
  if (typeof key === 'number') return new Uint32Array(Float64Array.of(key).buffer);
  return [key.length, ...Array.from({ length: key.length }, (_, index) => key.charCodeAt(index))];
}

/** Two independent 32-bit states of (seed, promptKey, sampleIndex): what one row keeps. */
export interface RowKey {
  readonly high: number;
  readonly low: number;
}

export function rowKey(seed: number, promptKey: string | number, sampleIndex: number): RowKey {
  let high = 0x243f6a88;
  let low = 0x85a308d3;
  for (const word of [...keyWords(seed), ...keyWords(promptKey), sampleIndex]) {
    high = absorb(high, word);
    low = absorb(low, word ^ high);
  }
  return { high, low };
}

/** Uniform in [0, 1), 53 bits. */
export function uniformAt(key: RowKey, position: number): number {
  const high = absorb(key.high, position);
  const low = absorb(key.low, position ^ high);
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
}
