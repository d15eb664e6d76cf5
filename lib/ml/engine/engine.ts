/**
 * The one interface between model code and the tensor library. One model implementation runs on every engine:
 * `native` (TensorFlow, CPU or GPU) is the fast one, `wasm` always works.
 *
 * Memory: every Tensor made outside `tidy` is disposed by hand. Inside `tidy` everything but the returned tensors is freed.
 * Parameters are handles owned by the engine; model code never holds their values as JavaScript arrays.
 */

/** A handle; the bytes belong to the engine. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A trainable (or frozen) array that outlives every `tidy`. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** The current value as a Tensor; owned by the parameter, never disposed by the reader. */
  read(): Tensor;
  assign(values: Float32Array): void;
  values(): Float32Array;
  dispose(): void;
}

/** A plain tree of parameters by name, in a fixed order. */
export type Parameters = ReadonlyMap<string, Parameter>;

export interface EngineCapabilities {
  readonly backend: 'native' | 'wasm';
  readonly device: 'cpu' | 'gpu';
  /** For example "TensorFlow 2.18.1" or "tfjs wasm 4.22.0 (SIMD)". */
  readonly library: string;
  readonly threads: number;
  /** Operations recorded once and replayed as one call. */
  readonly graph: boolean;
  /** Key/value caches written in place. */
  readonly inplace: boolean;
}

/** What is stored with a run and must be equal on a resume: other values give other last bits. */
export interface EngineMode {
  readonly backend: 'native' | 'wasm';
  readonly device: 'cpu' | 'gpu';
  readonly library: string;
  readonly threads: number;
}

export interface AdamConfig {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled (AdamW, Loshchilov and Hutter 2019): applied to parameters of rank 2 and above. */
  readonly weightDecay: number;
}

/** First and second moments of one set of parameters, and the number of updates made. */
export interface AdamState {
  step: number;
  readonly first: Parameters;
  readonly second: Parameters;
  dispose(): void;
}

export interface Engine {
  readonly capabilities: EngineCapabilities;
  /** What the tensors of this process may take together; work that needs more is split or refused before it starts. */
  readonly memoryLimitBytes: number;
  mode(): EngineMode;

  // --- making and reading
  float(values: ArrayLike<number>, shape: readonly number[]): Tensor;
  int(values: ArrayLike<number>, shape: readonly number[]): Tensor;
  zeros(shape: readonly number[]): Tensor;
  parameter(name: string, shape: readonly number[], values: Float32Array): Parameter;
  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array;
  scalar(tensor: Tensor): number;

  // --- memory
  tidy<T extends Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> | undefined>(work: () => T): T;
  dispose(tensor: Tensor | readonly Tensor[]): void;
  /** Takes a tensor out of all scopes: it lives until it is disposed by hand. */
  keep(tensor: Tensor): Tensor;
  /** Live tensors; for leak checks. */
  tensorCount(): number;

  // --- algebra (broadcasting as in numpy; every operation has a gradient unless said otherwise)
  /** Rank 2 by rank 2. */
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  /** Over the last two axes; leading axes are equal. */
  batchMatMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  add(a: Tensor, b: Tensor | number): Tensor;
  sub(a: Tensor | number, b: Tensor | number): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  div(a: Tensor, b: Tensor | number): Tensor;
  maximum(a: Tensor, b: Tensor | number): Tensor;
  minimum(a: Tensor, b: Tensor | number): Tensor;
  neg(a: Tensor): Tensor;
  exp(a: Tensor): Tensor;
  log(a: Tensor): Tensor;
  square(a: Tensor): Tensor;
  rsqrt(a: Tensor): Tensor;
  sigmoid(a: Tensor): Tensor;
  /** log sigmoid(a), finite for every finite a. */
  logSigmoid(a: Tensor): Tensor;
  softmax(a: Tensor): Tensor;
  logSoftmax(a: Tensor): Tensor;
  clip(a: Tensor, low: number, high: number): Tensor;
  sum(a: Tensor, axis?: number, keepDims?: boolean): Tensor;
  mean(a: Tensor, axis?: number, keepDims?: boolean): Tensor;
  max(a: Tensor, axis?: number, keepDims?: boolean): Tensor;
  reshape(a: Tensor, shape: readonly number[]): Tensor;
  transpose(a: Tensor, permutation: readonly number[]): Tensor;
  concat(tensors: readonly Tensor[], axis: number): Tensor;
  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  /** Parts along one axis. */
  split(a: Tensor, sizes: readonly number[], axis: number): Tensor[];
  /** `0, step, 2 step, ...`: `[count]` int32. Kept by the engine. */
  multiples(count: number, step: number): Tensor;
  /** Column of the largest value of each row, `[n, width]` -> `[n]` int32; no gradient. */
  argMax(rows: Tensor): Tensor;
  /** Rows of a rank-2 table by int32 index: `[rows, width]`, `[n]` -> `[n, width]`. The gradient adds duplicates. Indices are checked by the caller. */
  gatherRows(table: Tensor, indices: Tensor): Tensor;
  /** One value a row: `[n, width]`, `[n]` int32 -> `[n]`. */
  pick(rows: Tensor, indices: Tensor): Tensor;
  /** silu(gate) * up. */
  swiGlu(gate: Tensor, up: Tensor): Tensor;
  /** x Phi(x): exact, or by tanh as GPT-2 was trained. */
  gelu(a: Tensor, form: 'erf' | 'tanh'): Tensor;
  /** (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias over the last axis of `[n, width]`. */
  layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor;
  /** x / sqrt(mean(x^2) + epsilon) * weight over the last axis of `[n, width]`. */
  rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor;
  /** The same without a weight; no gradient. */
  plainRmsNorm(x: Tensor, epsilon: number): Tensor;
  /**
   * softmax(queries keys^T + mask) values: queries `[heads, batch, time, size]`, keys and values `[groups, batch, seen, size]`,
   * mask `[time, seen]` or `[batch, time, seen]` without gradient.
   */
  attention(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor): Tensor;
  /** Pairs (2i, 2i + 1) of x `[heads, batch, time, size]` turned by their position: turns `[batch * time, size]` = cos, sin, cos, ...; gradient for x only. */
  rotate(x: Tensor, turns: Tensor): Tensor;
  /** log softmax(scale hidden weight^T)[target] row by row: `[n, d]`, `[V, d]`, `[n]` int32 -> `[n]`. */
  tokenLogProbs(hidden: Tensor, weight: Tensor, targets: Tensor, scale: number): Tensor;
  /** A copy with the gradient stopped. */
  stopGradient(a: Tensor): Tensor;

  // --- key/value cache (no gradient)
  /**
   * Overwrites rows of `[rows, width]` in the memory of `cache`, which stays the owner; the result is another handle of the same memory, for
   * whatever has to read it after the writing. Row numbers `[n]` int32 are checked by the caller: the native kernel wraps around silently.
   */
  cacheWrite(cache: Tensor, rows: Tensor, values: Tensor): Tensor;

  // --- training
  /** d(loss)/d(parameter) of a scalar; gradients in the order of `parameters`, zeros where the loss does not depend on it. Aux tensors survive beside the loss. `recorded`: as one graph (see `graph`), which pays where few shapes come often. */
  gradients(
    parameters: Parameters,
    loss: () => { loss: Tensor; aux?: Readonly<Record<string, Tensor>> },
    options?: { readonly recorded?: boolean },
  ): {
    loss: number;
    gradients: ReadonlyMap<string, Tensor>;
    aux: Readonly<Record<string, Tensor>>;
  };
  /**
   * `work` of `inputs`, whose intermediate results are not kept for the backward pass but made again there: less memory for one more forward
   * pass (Chen et al. 2016). Parameters may be read inside; it has to compute the same both times.
   */
  recompute(inputs: readonly Tensor[], work: (...inputs: readonly Tensor[]) => Tensor): Tensor;
  /** Scales all gradients so that their global L2 norm is at most `maxNorm`; returns the norm before. Use only `clipped` afterwards: scaled gradients are disposed. Throws INVARIANT naming the tensor where one is not finite. */
  clipByGlobalNorm(gradients: ReadonlyMap<string, Tensor>, maxNorm: number): { clipped: ReadonlyMap<string, Tensor>; norm: number };
  adamState(parameters: Parameters): AdamState;
  /** One update (Kingma and Ba 2015, with bias correction; epsilon outside the root). Disposes `gradients`. */
  adam(parameters: Parameters, gradients: ReadonlyMap<string, Tensor>, state: AdamState, config: AdamConfig): void;

  // --- graphs
  /**
   * As `tidy`; where `graph`, the work is recorded and runs as one call, and the graph is kept for the next recording that is equal but for
   * its data. Nothing can be read inside.
   */
  graph<T extends Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> | undefined>(work: () => T): T;
  /**
   * For work that is done thousands of times: where `graph`, recorded once for each combination of input shapes and replayed without
   * running the function again. Besides its inputs it may read parameters and tensors that live as long as it is called; it may make no data.
   */
  compile<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[]): (...inputs: A) => readonly Tensor[];
}
