import { filledUp } from '#lib/ml/batches';
import type { Tensor } from '#lib/ml/engine/engine';
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

  constructor(private readonly model: ScalarModel) {
    this.masks = new CausalMasks(model.trunk.engine);
  }

  /** Throws BAD_INPUT for tokens outside of the vocabulary. Call it before a recording starts. */
  check(rows: TokenRows): void {
    this.model.trunk.checkTokens(rows.tokens);
  }

  /** `[predictionBucket(n)]` for n flat positions; those after the n-th say nothing. Belongs to the caller's scope. */
  of(rows: TokenRows, positions: Int32Array): Tensor {
    const { trunk } = this.model;
    const { engine } = trunk;
    const count = predictionBucket(positions.length);
    // filled up with a position that is wanted anyway
    const padded = filledUp(positions, count, positions[0] ?? 0);
    return engine.tidy(() => {
      const at = hiddenAt(trunk, rows, this.masks.of(rows.time), padded);
      // [count, d] x [1, d]^T -> [count, 1] -> [count]
      return engine.reshape(engine.matMul(at, trunk.weight('score.weight'), false, true), [count]);
    });
  }

  /** The same as plain numbers, one a position, without gradient; as one graph. */
  read(rows: TokenRows, positions: Int32Array): Float32Array {
    const { engine } = this.model.trunk;
    this.check(rows);
    const tensor = engine.graph(() => this.of(rows, positions));
    const values = Float32Array.from((engine.read(tensor) as Float32Array).subarray(0, positions.length));
    engine.dispose(tensor);
    return values;
  }

  dispose(): void {
    this.masks.dispose();
  }
}
