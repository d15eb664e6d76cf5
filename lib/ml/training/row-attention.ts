import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { attendFully, hiddenScore } from '#lib/ml/nn/full-attention';
import type { Attend } from '#lib/ml/nn/trunk';
import type { TokenRows } from './token-rows';

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

/** Attention of rows of several texts or branches, or of one text each. `causal`: `[time, time]`. */
export function attendByRows(engine: Engine, causal: Tensor, rows: TokenRows): Attend {
  return attendFully(engine, rows.parts === undefined ? causal : partsMask(engine, causal, rows, rows.parts));
}
