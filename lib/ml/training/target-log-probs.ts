import { filledUp } from '#lib/ml/batches';
import type { Tensor } from '#lib/ml/engine/engine';
import { CausalMasks } from '#lib/ml/nn/full-attention';
import type { Trunk } from '#lib/ml/nn/trunk';
import { hiddenAt } from './row-attention';
import type { TokenRows } from './token-rows';

/** Predictions are rounded up to this number at least, and in steps of an eighth at most: a recorded graph meets few shapes. */
const smallestBucket = 16;

/** Number of predictions that are computed for `count` that are wanted; at most an eighth more, but for the few first. */
export function predictionBucket(count: number): number {
  const unit = Math.max(smallestBucket, 2 ** (Math.floor(Math.log2(Math.max(1, count))) - 3));
  return Math.max(1, Math.ceil(count / unit)) * unit;
}

/** Log-probabilities of what rows are to predict; inside of `engine.gradients` with gradients. Keeps masks: `dispose` them. */
export class TargetLogProbs {
  private readonly masks: CausalMasks;

  constructor(private readonly trunk: Trunk) {
    this.masks = new CausalMasks(trunk.engine);
  }

  /** Throws BAD_INPUT for tokens outside of the vocabulary. Call it before a recording starts. */
  check(rows: TokenRows): void {
    this.trunk.checkTokens(rows.tokens);
  }

  /**
   * log softmax(logits / temperature)[target], `[predictionBucket(n)]` for n predictions; those after the n-th say nothing. Logits exist
   * only at the rows that are predicted from. Belongs to the caller's scope.
   */
  of(rows: TokenRows, temperature = 1): Tensor {
    const { trunk } = this;
    const { engine } = trunk;
    const count = predictionBucket(rows.predictedFrom.length);
    // filled up with a position that is wanted anyway
    const padded = (values: Int32Array) => filledUp(values, count, values[0] ?? 0);
    return engine.tidy(() => {
      const from = hiddenAt(trunk, rows, this.masks.of(rows.time), padded(rows.predictedFrom));
      return engine.tokenLogProbs(from, trunk.outputWeight(), engine.int(padded(rows.targets), [count]), 1 / temperature);
    });
  }

  /** The same as plain numbers, one a prediction, without gradient; `recorded`: as one graph. */
  read(rows: TokenRows, options: { readonly temperature?: number; readonly recorded?: boolean } = {}): Float32Array {
    const { engine } = this.trunk;
    this.check(rows);
    const work = () => this.of(rows, options.temperature);
    const tensor = options.recorded ? engine.graph(work) : engine.tidy(work);
    const values = Float32Array.from((engine.read(tensor) as Float32Array).subarray(0, rows.predictedFrom.length));
    engine.dispose(tensor);
    return values;
  }

  dispose(): void {
    this.masks.dispose();
  }
}
