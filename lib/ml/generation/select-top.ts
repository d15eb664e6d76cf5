/** Some float32 numbers from 0 on, and the same as bits, which sort alike. */
export interface Numbers {
  readonly values: Float32Array;
  readonly bits: Uint32Array;
}

/** Numbers `start` to `start + length` of an array, without a copy. */
export function numbersOf(values: Float32Array, start: number, length: number): Numbers {
  return {
    values: values.subarray(start, start + length),
    bits: new Uint32Array(values.buffer, values.byteOffset + 4 * start, length),
  };
}

/** Up to this many, a heap of the largest ones is faster than counting digits. */
const heapLimit = 1024;
const heap = new Float32Array(heapLimit);

/** The `count`-th largest of the first `length` values, which are at least as many. */
function smallestOfLargest(values: Float32Array, length: number, count: number): number {
  const sift = (from: number) => {
    const value = heap[from] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= value) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = value;
  };
  for (let index = 0; index < count; index += 1) heap[index] = values[index] as number;
  for (let at = (count >> 1) - 1; at >= 0; at -= 1) sift(at);
  let least = heap[0] as number;
  for (let index = count; index < length; index += 1) {
    if ((values[index] as number) <= least) continue;
    heap[0] = values[index] as number;
    sift(0);
    least = heap[0] as number;
  }
  return least;
}

const digitBits = [12, 10, 10];
const digits = new Float64Array(2 ** 12);

/** For every value of a digit, how many numbers have it after `prefix`, or what they are together. */
function countDigits({ bits, values }: Numbers, length: number, by: 'count' | 'mass', prefix: number, used: number, width: number): void {
  const shift = 32 - used - width;
  const last = 2 ** width - 1;
  digits.fill(0, 0, last + 1);
  if (used === 0) {
    // a shift by 32 would be one by 0: the first digit has no prefix
    for (let index = 0; index < length; index += 1) {
      const digit = (bits[index] as number) >>> shift;
      digits[digit] = (digits[digit] as number) + (by === 'count' ? 1 : (values[index] as number));
    }
    return;
  }
  for (let index = 0; index < length; index += 1) {
    const word = bits[index] as number;
    if (word >>> (32 - used) !== prefix) continue;
    const digit = (word >>> shift) & last;
    digits[digit] = (digits[digit] as number) + (by === 'count' ? 1 : (values[index] as number));
  }
}

/**
 * The largest t so that the numbers from t on are at least `target` many (`count`) or at least `target` of all together (`mass`), and how
 * much of that lies strictly above t; all numbers where they do not reach it. Digit by digit from the highest on: three passes, no sorting.
 */
function byDigits(numbers: Numbers, length: number, by: 'count' | 'mass', target: number): { t: number; above: number; wanted: number } {
  let above = 0;
  let wanted = target;
  let prefix = 0;
  let used = 0;
  for (const width of digitBits) {
    countDigits(numbers, length, by, prefix, used, width);
    if (by === 'mass' && used === 0) wanted = target * digits.reduce((sum, mass) => sum + mass, 0);
    let chosen = -1;
    for (let digit = 2 ** width - 1; digit >= 0; digit -= 1) {
      const here = digits[digit] as number;
      if (here === 0) continue;
      if (chosen >= 0) above += digits[chosen] as number;
      chosen = digit;
      if (above + here >= wanted) break;
    }
    prefix = ((prefix << width) | Math.max(chosen, 0)) >>> 0;
    used += width;
  }
  return { t: floatOf(prefix), above, wanted };
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function floatOf(bits: number): number {
  word[0] = bits;
  return float[0] as number;
}

/** The `count`-th largest of the first `length` numbers. */
export function countThreshold(numbers: Numbers, length: number, count: number): number {
  if (count >= length) return 0;
  return count <= heapLimit ? smallestOfLargest(numbers.values, length, count) : byDigits(numbers, length, 'count', count).t;
}

/** The largest t so that the numbers from t on have at least this share of the sum of all; the mass strictly above t, and the one wanted. */
export function massThreshold(numbers: Numbers, length: number, share: number): { t: number; above: number; wanted: number } {
  return byDigits(numbers, length, 'mass', share);
}
