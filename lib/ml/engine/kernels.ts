import type { EngineCapabilities, Tensor } from './engine';

export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greaterEqual' | 'less' | 'equal';
export type UnaryOp = 'neg' | 'exp' | 'log' | 'square' | 'rsqrt' | 'sigmoid' | 'softplus' | 'tanh' | 'erf' | 'identity';
export type Reduction = 'sum' | 'mean' | 'max';

/** An array that is changed in place by the optimizer. */
export interface Variable {
  /** The same handle until the next change; owned by the variable. */
  read(): Tensor;
  assign(values: Tensor): void;
  dispose(): void;
}

/** The numbers of one Adam update that are equal for all variables. */
export interface AdamScalars {
  /** Times the decoupled decay: `value -= decay * value` before the update; 0 = none. */
  readonly decay: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly step: number;
}

/**
 * What a tensor library has to offer; no gradients here (see tape.ts). Every result belongs to the innermost open scope of `Scopes`.
 * Comparisons return 1 or 0 as float32.
 */
export interface Kernels {
  readonly capabilities: EngineCapabilities;
  /** Copies `values`. */
  upload(values: Float32Array | Int32Array, shape: readonly number[]): Tensor;
  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array;
  /** Float32, or int32 of whole numbers. */
  fill(shape: readonly number[], value: number): Tensor;
  /** A scalar that is made once and kept; not counted, never disposed by the caller. */
  constant(value: number): Tensor;
  /** `value` everywhere, `[length, 1]`; kept and not counted. A product with it sums rows several times faster than a reduction does. */
  column(length: number, value: number): Tensor;
  /** `0, step, 2 step, ...`, `[count]` int32; kept and not counted, as constants are. */
  multiples(count: number, step: number): Tensor;

  binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor;
  unary(op: UnaryOp, a: Tensor): Tensor;
  /** dy y (1 - y) in one pass: the gradient of y = sigmoid(x). */
  sigmoidGradient(y: Tensor, dy: Tensor): Tensor;
  reduce(op: Reduction, a: Tensor, axes: readonly number[], keepDims: boolean): Tensor;
  /** Half the sum of all squares: a scalar, without a copy of the squares. */
  halfSquares(a: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  batchMatMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  /** Over the last axis. */
  softmax(a: Tensor): Tensor;

  /** Column of the largest value of each row, the first of equal ones: `[n, width]` -> `[n]` int32. */
  argMax(rows: Tensor): Tensor;
  /** Pairs (2i, 2i + 1) of the last axis as complex numbers, times those of `turns` (or their conjugates): `[heads, ...]`, `[...]` of its inner size. */
  rotatePairs(x: Tensor, turns: Tensor, conjugate: boolean): Tensor;

  reshape(a: Tensor, shape: readonly number[]): Tensor;
  transpose(a: Tensor, permutation: readonly number[]): Tensor;
  concat(tensors: readonly Tensor[], axis: number): Tensor;
  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  pad(a: Tensor, paddings: readonly (readonly [number, number])[]): Tensor;
  broadcastTo(a: Tensor, shape: readonly number[]): Tensor;

  gatherRows(table: Tensor, indices: Tensor): Tensor;
  /** `[rows, width]` of zeros plus `values[i]` at row `indices[i]`; duplicates add. */
  scatterAddRows(values: Tensor, indices: Tensor, rows: number): Tensor;
  /** Writes into the memory of `target`; returns another handle of it, for what has to come after the writing. */
  updateRows(target: Tensor, rows: Tensor, values: Tensor): Tensor;

  variable(initial: Tensor): Variable;
  adam(
    updates: readonly { value: Variable; first: Variable; second: Variable; gradient: Tensor; decays: boolean }[],
    scalars: AdamScalars,
  ): void;

  /** Runs `work`; where it is recorded, what it computes waits for `tensor` and shares nothing with equal work that does not. */
  after<T>(tensor: Tensor, work: () => T): T;
  /** Runs `work`, if `recorded` as one graph where the library can, and frees everything but the tensors that `outputsOf` names. */
  region<T>(recorded: boolean, work: () => T, outputsOf: (result: T) => readonly Tensor[]): T;
  /** Where the library can: recorded once for each combination of input shapes and replayed as one call. Elsewhere the function itself. */
  compile<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[]): (...inputs: A) => readonly Tensor[];
}
