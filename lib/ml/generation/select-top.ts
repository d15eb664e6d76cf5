/** Both orders of the same float32 numbers from 0 on: their values and their bits, which sort alike. */
interface Numbers {
  readonly values: Float32Array;
  readonly bits: Uint32Array;
}

const digitBits = [12, 10, 10];
const counts = new Float64Array(2 ** 12);

/**
 * The largest t so that the numbers from t on are at least `target` many (`count`) or at least `target` together (`mass`), and how much of
 * that lies strictly above t; all numbers where they do not reach it. Digit by digit from the highest on: three passes, no sorting.
 */
export function thresholdOf({ bits, values }: Numbers, length: number, by: 'count' | 'mass', target: number): { t: number; above: number } {
  let above = 0;
  let prefix = 0;
  let used = 0;
  for (const width of digitBits) {
    const shift = 32 - used - width;
    const last = 2 ** width - 1;
    counts.fill(0, 0, last + 1);
    for (let index = 0; index < length; index += 1) {
      const word = bits[index] as number;
      // a shift by 32 would be one by 0
      if (used > 0 && word >>> (32 - used) !== prefix) continue;
      const digit = (word >>> shift) & last;
      counts[digit] = (counts[digit] as number) + (by === 'count' ? 1 : (values[index] as number));
    }
    let chosen = -1;
    for (let digit = last; digit >= 0; digit -= 1) {
      const here = counts[digit] as number;
      if (here === 0) continue;
      if (chosen >= 0) above += counts[chosen] as number;
      chosen = digit;
      if (above + here >= target) break;
    }
    prefix = ((prefix << width) | Math.max(chosen, 0)) >>> 0;
    used += width;
  }
  return { t: floatOf(prefix), above };
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function floatOf(bits: number): number {
  word[0] = bits;
  return float[0] as number;
}
