import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { hiddenScore } from '#lib/ml/nn/full-attention';
import type { Trunk } from '#lib/ml/nn/trunk';
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

interface Wanted {
  /** Flat positions, `count` a row; the first of a row fills up where fewer are wanted. */
  readonly index: Int32Array;
  readonly count: number;
  /** Where each of the given positions lies in `index`. */
  readonly places: Int32Array;
}

/** Fewer positions than this share of a row have to be wanted; else the gathering costs more than it saves. */
const worthwhile = 0.8;

/** Rounded up, so that recorded graphs meet few shapes. */
function countBucket(count: number): number {
  return count <= 8 ? count : Math.ceil(count / 16) * 16;
}

/** Positions that a pass is wanted for, row by row and each once; undefined where they are most of all. */
export function wantedPositions(rows: Pick<TokenRows, 'batch' | 'time'>, positions: Int32Array): Wanted | undefined {
  const { batch, time } = rows;
  const byRow = Array.from({ length: batch }, () => new Map<number, number>());
  for (const position of positions) {
    const row = byRow[Math.floor(position / time)] as Map<number, number>;
    if (!row.has(position)) row.set(position, row.size);
  }
  const count = countBucket(byRow.reduce((most, { size }) => Math.max(most, size), 1));
  if (count > worthwhile * time) return undefined;
  const index = Int32Array.from({ length: batch * count }, (_, at) => Math.floor(at / count) * time);
  byRow.forEach((row, number) => {
    for (const [position, place] of row) index[number * count + place] = position;
  });
  const places = positions.map((position) => {
    const row = Math.floor(position / time);
    return row * count + ((byRow[row] as Map<number, number>).get(position) as number);
  });
  return { index, count, places };
}

/** The rows of a mask `[time, time]` or `[batch, time, time]` that belong to the wanted positions: `[batch, count, time]`. */
function maskAt(engine: Engine, mask: Tensor, rows: TokenRows, { count, index }: Wanted): Tensor {
  const { batch, time } = rows;
  const shared = mask.shape.length === 2;
  const lines = shared ? index.map((position) => position % time) : index;
  const flat = shared ? mask : engine.reshape(mask, [batch * time, time]);
  return engine.reshape(engine.gatherRows(flat, engine.int(lines, [lines.length])), [batch, count, time]);
}

/**
 * Hidden states of the given flat positions of rows that hold one text each, several, or branches: `[positions.length, hiddenSize]`. The last
 * block computes no more than that. `causal`: `[time, time]`.
 */
export function hiddenAt(trunk: Trunk, rows: TokenRows, causal: Tensor, positions: Int32Array): Tensor {
  const { engine } = trunk;
  const { batch, time } = rows;
  const wanted = wantedPositions(rows, positions);
  const mask = rows.parts === undefined ? causal : partsMask(engine, causal, rows, rows.parts);
  const narrow = wanted && maskAt(engine, mask, rows, wanted);
  const hidden = trunk.forward({
    tokens: engine.int(rows.tokens, [batch * time]),
    positions: engine.int(rows.positions, [batch * time]),
    batch,
    time,
    attend: (layer, queries, keys, values) =>
      engine.attention(queries, keys, values, narrow && layer === trunk.config.layers - 1 ? narrow : mask),
    ...(wanted ? { wanted: { index: engine.int(wanted.index, [wanted.index.length]), count: wanted.count } } : {}),
  });
  return engine.gatherRows(hidden, engine.int(wanted ? wanted.places : positions, [positions.length]));
}
