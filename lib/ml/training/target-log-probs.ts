import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { attendFully, CausalMasks, hiddenScore } from '#lib/ml/nn/full-attention';
import type { Attend, Trunk } from '#lib/ml/nn/trunk';
import type { TokenRows } from './token-rows';

/** Predictions are rounded up to this number at least, and in steps of an eighth at most: a recorded graph meets few shapes. */
const smallestBucket = 16;

/** Number of predictions that are computed for `count` that are wanted; at most an eighth more, but for the few first. */
export function predictionBucket(count: number): number {
  const unit = Math.max(smallestBucket, 2 ** (Math.floor(Math.log2(Math.max(1, count))) - 3));
  return Math.max(1, Math.ceil(count / unit)) * unit;
}

/**
 * What a position may see of its row, on the device: `[batch, time, time]` of 0 or about hiddenScore, from `texts` and `branches` of
 * `[batch, time]`. Position i sees j <= i of the same text, if j stands in the prefix (branch 0) or in i's branch.
 */
function partsMask(engine: Engine, causal: Tensor, rows: TokenRows, parts: NonNullable<TokenRows['parts']>): Tensor {
  const { batch, time } = rows;
  const columns = (values: Float32Array) => engine.float(values, [batch, time, 1]);
  const lines = (values: Float32Array) => engine.float(values, [batch, 1, time]);
  const otherText = engine.square(engine.sub(lines(parts.texts), columns(parts.texts)));
  const branches = lines(parts.branches);
  // branch_j (branch_j - branch_i) is 0 exactly where j is in the prefix or in the same branch
  const otherBranch = engine.square(engine.mul(branches, engine.sub(branches, columns(parts.branches))));
  return engine.add(engine.mul(engine.minimum(engine.add(otherText, otherBranch), 1), hiddenScore), causal);
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
    const { batch, time } = rows;
    const count = predictionBucket(rows.predictedFrom.length);
    const padded = (values: Int32Array) => {
      const all = new Int32Array(count);
      all.set(values);
      return engine.int(all, [count]);
    };
    return engine.tidy(() => {
      const hidden = trunk.forward({
        tokens: engine.int(rows.tokens, [batch * time]),
        positions: engine.int(rows.positions, [batch * time]),
        batch,
        time,
        attend: this.attend(rows),
      });
      const from = engine.gatherRows(hidden, padded(rows.predictedFrom));
      return engine.tokenLogProbs(from, trunk.outputWeight(), padded(rows.targets), 1 / temperature);
    });
  }

  private attend(rows: TokenRows): Attend {
    const { engine } = this.trunk;
    const causal = this.masks.of(rows.time);
    return attendFully(engine, rows.parts === undefined ? causal : partsMask(engine, causal, rows, rows.parts));
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
