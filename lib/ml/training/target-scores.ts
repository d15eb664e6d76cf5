import { filledUp } from '#lib/ml/batches';
import type { Parameter, Tensor } from '#lib/ml/engine/engine';
import { CausalMasks } from '#lib/ml/nn/full-attention';
import type { ScalarModel } from '#lib/ml/nn/language-model';
import { hiddenAt } from './row-attention';
import { predictionBucket } from './target-log-probs';
import type { TokenRows } from './token-rows';

/**
 * What a scalar model says at positions of rows, also of rows that share a prompt; inside of `engine.gradients` with gradients. A reward is read at
 * the `ends` of answers, values where tokens are predicted from. Keeps masks: `dispose` them.
 */
export class TargetScores {
  private readonly masks: CausalMasks;

  /** `heads`: more heads of `[1, hiddenSize]` on the same trunk, beside that of the model; they stay the caller's. */
  constructor(
    private readonly model: ScalarModel,
    private readonly heads: readonly Parameter[] = [],
  ) {
    this.masks = new CausalMasks(model.trunk.engine);
  }

  /** Throws BAD_INPUT for tokens outside of the vocabulary. Call it before a recording starts. */
  check(rows: TokenRows): void {
    this.model.trunk.checkTokens(rows.tokens);
  }

  /** `[predictionBucket(n)]` for n flat positions, head after head; those after the n-th of a head say nothing. Belongs to the caller's scope. */
  of(rows: TokenRows, positions: Int32Array): Tensor {
    const { trunk } = this.model;
    const { engine } = trunk;
    const count = predictionBucket(positions.length);
    // filled up with a position that is wanted anyway
    const padded = filledUp(positions, count, positions[0] ?? 0);
    return engine.tidy(() => {
      const at = hiddenAt(trunk, rows, this.masks.of(rows.time), padded);
      const own = trunk.weight('score.weight');
      // [count, d] x [1, d]^T -> [count, 1] -> [count]
      if (this.heads.length === 0) return engine.reshape(engine.matMul(at, own, false, true), [count]);
      const all = engine.concat([own, ...this.heads.map((head) => head.read())], 0);
      // [m, d] x [count, d]^T -> [m, count] -> [m count]
      return engine.reshape(engine.matMul(all, at, false, true), [(this.heads.length + 1) * count]);
    });
  }

  /** The same as plain numbers, one a position, head after head, without gradient; as one graph. */
  read(rows: TokenRows, positions: Int32Array): Float32Array {
    const { engine } = this.model.trunk;
    this.check(rows);
    const tensor = engine.graph(() => this.of(rows, positions));
    const all = engine.read(tensor) as Float32Array;
    const count = all.length / (this.heads.length + 1);
    const values = Float32Array.from({ length: positions.length * (this.heads.length + 1) }, (_, index) => {
      return all[Math.floor(index / positions.length) * count + (index % positions.length)] as number;
    });
    engine.dispose(tensor);
    return values;
  }

  dispose(): void {
    this.masks.dispose();
  }
}
