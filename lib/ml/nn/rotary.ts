/**
 * Rotary position embedding (Su et al. 2021), half-split pairs (i, i + size/2): y = x cos + (x R) sin, where R moves the second half,
 * negated, before the first. With cos and sin written out for every head the products are plain element-wise ones.
 */
export class Rotary {
  /** cos and sin by position and pair: `[contextLength, headSize / 2]`. */
  private readonly cosines: Float32Array;
  private readonly sines: Float32Array;
  private readonly pairs: number;

  constructor(
    private readonly headSize: number,
    contextLength: number,
    theta: number,
  ) {
    this.pairs = headSize / 2;
    this.cosines = new Float32Array(contextLength * this.pairs);
    this.sines = new Float32Array(contextLength * this.pairs);
    for (let position = 0; position < contextLength; position += 1) {
      for (let pair = 0; pair < this.pairs; pair += 1) {
        const angle = position * theta ** (-pair / this.pairs);
        this.cosines[position * this.pairs + pair] = Math.cos(angle);
        this.sines[position * this.pairs + pair] = Math.sin(angle);
      }
    }
  }

  /** R of `[headSize, headSize]`: (x R)[i] = -x[i + size/2] for the first half, x[i - size/2] for the second. */
  rotation(): Float32Array {
    const { headSize, pairs } = this;
    const values = new Float32Array(headSize * headSize);
    for (let pair = 0; pair < pairs; pair += 1) {
      values[(pair + pairs) * headSize + pair] = -1;
      values[pair * headSize + pair + pairs] = 1;
    }
    return values;
  }

  /**
   * cos and sin for `positions`, for `rotated` heads that turn and `still` heads that do not (cos 1, sin 0):
   * each `[positions.length * (rotated + still) * headSize]`.
   */
  tables(positions: ArrayLike<number>, rotated: number, still = 0): { cos: Float32Array; sin: Float32Array } {
    const { headSize, pairs } = this;
    const width = (rotated + still) * headSize;
    const cos = new Float32Array(positions.length * width);
    const sin = new Float32Array(positions.length * width);
    for (let row = 0; row < positions.length; row += 1) {
      const from = (positions[row] ?? 0) * pairs;
      const rowCos = this.cosines.subarray(from, from + pairs);
      const rowSin = this.sines.subarray(from, from + pairs);
      for (let head = 0; head < rotated; head += 1) {
        const at = row * width + head * headSize;
        cos.set(rowCos, at);
        cos.set(rowCos, at + pairs);
        sin.set(rowSin, at);
        sin.set(rowSin, at + pairs);
      }
      cos.fill(1, row * width + rotated * headSize, (row + 1) * width);
    }
    return { cos, sin };
  }
}
