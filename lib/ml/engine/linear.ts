import { AppError } from '#lib/errors';
import type { Tensor } from './engine';
import type { Kernels } from './kernels';
import { reshape, sizeOf, transpose } from './shapes';
import type { Recorder } from './tape';

type Product = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) => Tensor;

/** Gradients of op(A) op(B) for the four orientations. */
function productGradients(product: Product, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) {
  return {
    a: (dy: Tensor) => (transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB)),
    b: (dy: Tensor) => (transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false)),
  };
}

export function matMul(recorder: Recorder, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const product: Product = (x, y, tx, ty) => recorder.kernels.matMul(x, y, tx, ty);
  const gradients = productGradients(product, a, b, transposeA, transposeB);
  return recorder.apply(product(a, b, transposeA, transposeB), [a, b], (dy, [needsA, needsB]) => [
    needsA ? gradients.a(dy) : undefined,
    needsB ? gradients.b(dy) : undefined,
  ]);
}

export function batchMatMul(recorder: Recorder, a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const product: Product = (x, y, tx, ty) => recorder.kernels.batchMatMul(x, y, tx, ty);
  const gradients = productGradients(product, a, b, transposeA, transposeB);
  return recorder.apply(product(a, b, transposeA, transposeB), [a, b], (dy, [needsA, needsB]) => [
    needsA ? gradients.a(dy) : undefined,
    needsB ? gradients.b(dy) : undefined,
  ]);
}

export function softmax(recorder: Recorder, a: Tensor): Tensor {
  const { kernels } = recorder;
  const p = kernels.softmax(a);
  return recorder.apply(p, [a], (dp) => {
    // da = p (dp - sum(dp p))
    const weighted = kernels.binary('mul', dp, p);
    const total = kernels.reduce('sum', weighted, [a.shape.length - 1], true);
    return [kernels.binary('sub', weighted, kernels.binary('mul', p, total))];
  });
}

/** a - max - log sum exp(a - max), over the last axis. */
export function logSoftmax(recorder: Recorder, a: Tensor): Tensor {
  const { kernels } = recorder;
  const last = [a.shape.length - 1];
  const shifted = kernels.binary('sub', a, kernels.reduce('max', a, last, true));
  const y = kernels.binary('sub', shifted, kernels.unary('log', kernels.reduce('sum', kernels.unary('exp', shifted), last, true)));
  return recorder.apply(y, [a], (dy) => {
    // da = dy - softmax(a) sum(dy)
    const total = kernels.reduce('sum', dy, last, true);
    return [kernels.binary('sub', dy, kernels.binary('mul', kernels.unary('exp', y), total))];
  });
}

export function gatherRows(recorder: Recorder, table: Tensor, indices: Tensor): Tensor {
  const { kernels } = recorder;
  const rows = table.shape[0] ?? 0;
  return recorder.apply(kernels.gatherRows(table, indices), [table], (dy) => [kernels.scatterAddRows(dy, indices, rows)]);
}

/** Rows `[n, width]`, one column number a row: `[n]`. */
export function pick(recorder: Recorder, rows: Tensor, indices: Tensor): Tensor {
  const { kernels } = recorder;
  const [count = 0, width = 0] = rows.shape;
  const flatIndices = kernels.binary('add', kernels.multiples(count, width), indices);
  // [n, width] -> [n * width, 1]
  const flat = kernels.reshape(rows, [count * width, 1]);
  const y = kernels.reshape(kernels.gatherRows(flat, flatIndices), [count]);
  return recorder.apply(y, [rows], (dy) => {
    const scattered = kernels.scatterAddRows(kernels.reshape(dy, [count, 1]), flatIndices, count * width);
    return [kernels.reshape(scattered, [count, width])];
  });
}

/** x / sqrt(mean(x^2) + epsilon), over rows of `[n, width]`; also what the backward pass needs. */
function rootMeanSquare(recorder: Recorder, x: Tensor, epsilon: number): { readonly normal: Tensor; readonly scale: Tensor } {
  const { kernels, scopes } = recorder;
  const { binary, unary } = bound(kernels);
  const [, width = 1] = x.shape;
  scopes.start();
  const meanSquare = kernels.matMul(unary('square', x), kernels.column(width, 1 / width), false, false);
  const scale = unary('rsqrt', binary('add', meanSquare, kernels.constant(epsilon)));
  const normal = binary('mul', x, scale);
  scopes.end([scale, normal]);
  return { normal, scale };
}

/** x / sqrt(mean(x^2) + epsilon) without a gradient, for models whose next weights hold the norm's own. */
export function plainRmsNorm(recorder: Recorder, x: Tensor, epsilon: number): Tensor {
  return rootMeanSquare(recorder, x, epsilon).normal;
}

/** x / sqrt(mean(x^2) + epsilon) * weight over the last axis of `[n, width]` (Zhang and Sennrich 2019). */
export function rmsNorm(recorder: Recorder, x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const { kernels } = recorder;
  const { binary, reduce } = bound(kernels);
  const [, width = 1] = x.shape;
  const { normal, scale } = rootMeanSquare(recorder, x, epsilon);
  const y = binary('mul', normal, weight);
  return recorder.apply(y, [x, weight], (dy, [needsX, needsWeight]) => {
    const product = binary('mul', dy, normal);
    const dWeight = needsWeight ? reduce('sum', product, [0], false) : undefined;
    if (!needsX) return [undefined, dWeight];
    // dx = scale (dy weight - normal mean(dy weight normal)): the mean is a product of [n, width] with [width, 1], no pass of its own
    const mean = kernels.matMul(product, kernels.reshape(binary('mul', weight, kernels.constant(1 / width)), [width, 1]), false, false);
    return [binary('mul', scale, binary('sub', binary('mul', dy, weight), binary('mul', normal, mean))), dWeight];
  });
}

/**
 * softmax(queries keys^T + mask) values: queries `[heads, batch, time, size]` (scaled already), keys and values
 * `[groups, batch, seen, size]`, mask `[time, seen]` or `[batch, time, seen]`; heads of a group lie one after the other (Ainslie et al. 2023).
 */
export function attention(recorder: Recorder, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor): Tensor {
  const [heads = 0, batch = 0, time = 0, size = 0] = queries.shape;
  const groups = keys.shape[0] ?? 0;
  const perGroup = heads / groups;
  if (perGroup === 1) return groupAttention(recorder, queries, keys, values, mask);
  const swap = [0, 2, 1, 3, 4];
  // [groups, perGroup, batch, time, size] -> [groups, batch, perGroup * time, size]: keys need no copies
  const grouped = reshape(recorder, transpose(recorder, reshape(recorder, queries, [groups, perGroup, batch, time, size]), swap), [
    groups,
    batch,
    perGroup * time,
    size,
  ]);
  const mixed = groupAttention(recorder, grouped, keys, values, mask);
  return reshape(recorder, transpose(recorder, reshape(recorder, mixed, [groups, batch, perGroup, time, size]), swap), queries.shape);
}

/**
 * The same for queries `[groups, batch, perGroup * time, size]`. Only the weights are kept for the backward pass, and the sum of the
 * softmax's gradient is taken over `size` columns instead of `seen`: sum_j dp_ij p_ij = dy_i y_i (Dao et al. 2022, section 3.1).
 */
function groupAttention(recorder: Recorder, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor): Tensor {
  const { kernels, scopes } = recorder;
  const { binary, reduce } = bound(kernels);
  const [groups = 0, batch = 0, rows = 0] = queries.shape;
  const [time = 0, seen = 0] = mask.shape.slice(-2);
  scopes.start();
  const perBatch = mask.shape.length === 3;
  // one mask: [groups * batch * perGroup, time, seen]; one a row of the batch: [groups, batch, perGroup, time, seen]
  const shape = perBatch ? [groups, batch, rows / time, time, seen] : [(groups * batch * rows) / time, time, seen];
  const scores = kernels.reshape(kernels.batchMatMul(queries, keys, false, true), shape);
  const masked = binary('add', scores, perBatch ? kernels.reshape(mask, [batch, 1, time, seen]) : mask);
  const weights = kernels.reshape(kernels.softmax(masked), [groups, batch, rows, seen]);
  scopes.end([weights]);
  const y = kernels.batchMatMul(weights, values, false, false);
  // a^T b as (b^T a)^T: transposing the narrow factor and the narrow result is three times faster than transposing the wide one
  const transposedProduct = (wide: Tensor, narrow: Tensor) =>
    kernels.transpose(kernels.batchMatMul(narrow, wide, true, false), [0, 1, 3, 2]);
  return recorder.apply(y, [queries, keys, values], (dy, [needsQueries, needsKeys, needsValues]) => {
    const dValues = needsValues ? transposedProduct(weights, dy) : undefined;
    if (!needsQueries && !needsKeys) return [undefined, undefined, dValues];
    const dWeights = kernels.batchMatMul(dy, values, false, true);
    const centred = binary('sub', dWeights, reduce('sum', binary('mul', dy, y), [3], true));
    scopes.release(dWeights);
    const dScores = binary('mul', weights, centred);
    scopes.release(centred);
    return [
      needsQueries ? kernels.batchMatMul(dScores, keys, false, false) : undefined,
      needsKeys ? transposedProduct(dScores, queries) : undefined,
      dValues,
    ];
  });
}

/** Rotary positions as complex numbers (Su et al. 2021, section 3.2.2): x `[heads, ...]` by pairs (2i, 2i + 1), turns = cos, sin of the inner axes. */
export function rotate(recorder: Recorder, x: Tensor, turns: Tensor): Tensor {
  const { kernels } = recorder;
  return recorder.apply(kernels.rotatePairs(x, turns, false), [x], (dy) => [kernels.rotatePairs(dy, turns, true)]);
}

/**
 * log softmax(scale hidden weight^T)[target], row by row: hidden `[n, d]`, weight `[V, d]`, targets `[n]` int32 -> `[n]`.
 * Forward and backward touch `[n, V]` as few times as possible: the row scales and the one-hot part of the gradient live on `[n, d]`.
 */
export function tokenLogProbs(recorder: Recorder, hidden: Tensor, weight: Tensor, targets: Tensor, scale: number): Tensor {
  const { kernels } = recorder;
  const { binary, reduce, unary } = bound(kernels);
  const [count = 0] = hidden.shape;
  if (sizeOf(targets.shape) !== count) throw new AppError('INTERNAL', `${count} hidden rows, but ${sizeOf(targets.shape)} targets.`);
  const y = scale === 1 ? hidden : binary('mul', hidden, kernels.constant(scale));
  const logits = kernels.matMul(y, weight, false, true);
  const highest = reduce('max', logits, [1], true);
  const shifted = binary('sub', logits, highest);
  recorder.scopes.release(logits);
  const exponents = unary('exp', shifted);
  recorder.scopes.release(shifted);
  const total = reduce('sum', exponents, [1], true);
  const targetWeights = kernels.gatherRows(weight, targets);
  const targetLogits = reduce('sum', binary('mul', y, targetWeights), [1], true);
  const logProbs = binary('sub', targetLogits, binary('add', unary('log', total), highest));
  return recorder.apply(kernels.reshape(logProbs, [count]), [hidden, weight], (dy, [needsHidden, needsWeight]) => {
    // d logits = g (onehot - E / total); g [n, 1]
    const g = kernels.reshape(dy, [count, 1]);
    const share = binary('div', g, total);
    let dHidden: Tensor | undefined;
    if (needsHidden) {
      const dY = binary('sub', binary('mul', g, targetWeights), binary('mul', kernels.matMul(exponents, weight, false, false), share));
      dHidden = scale === 1 ? dY : binary('mul', dY, kernels.constant(scale));
    }
    let dWeight: Tensor | undefined;
    if (needsWeight) {
      const everywhere = kernels.matMul(exponents, binary('mul', y, share), true, false);
      const atTargets = kernels.scatterAddRows(binary('mul', y, g), targets, weight.shape[0] ?? 0);
      dWeight = binary('sub', atTargets, everywhere);
    }
    return [dHidden, dWeight];
  });
}

function bound(kernels: Kernels) {
  return { binary: kernels.binary.bind(kernels), reduce: kernels.reduce.bind(kernels), unary: kernels.unary.bind(kernels) };
}
