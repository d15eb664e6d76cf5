import { AppError } from '#lib/errors';
import { adam, adamState, clipByGlobalNorm } from './adam';
import { binary, clip, gelu, logSigmoid, swiGlu, unary } from './elementwise';
import type { AdamConfig, AdamState, Engine, EngineCapabilities, EngineMode, Parameter, Parameters, Tensor } from './engine';
import type { Kernels } from './kernels';
import { layerNorm } from './layer-norm';
import * as linear from './linear';
import { recompute } from './recompute';
import type { Scopes } from './scopes';
import * as shapes from './shapes';
import { Recorder, Tape } from './tape';
import { VariableParameter } from './variable-parameter';

type TidyResult = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> | undefined;

function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value;
}

function tensorsOf(result: TidyResult): readonly Tensor[] {
  if (result === undefined) return [];
  if (isTensor(result)) return [result];
  return Object.values(result).filter(isTensor);
}

/** The Engine over any tensor library: broadcasting algebra, one tape for gradients, scopes for memory. */
export class TensorEngine implements Engine {
  readonly capabilities: EngineCapabilities;
  private readonly recorder: Recorder;

  constructor(
    private readonly kernels: Kernels,
    private readonly scopes: Scopes,
    readonly memoryLimitBytes: number,
  ) {
    this.capabilities = kernels.capabilities;
    this.recorder = new Recorder(kernels, scopes);
  }

  mode(): EngineMode {
    const { backend, device, library, threads } = this.capabilities;
    return { backend, device, library, threads };
  }

  float(values: ArrayLike<number>, shape: readonly number[]): Tensor {
    return this.kernels.upload(this.checked(Float32Array.from(values), shape), shape);
  }
  int(values: ArrayLike<number>, shape: readonly number[]): Tensor {
    return this.kernels.upload(this.checked(Int32Array.from(values), shape), shape);
  }
  private checked<T extends Float32Array | Int32Array>(values: T, shape: readonly number[]): T {
    if (values.length === shapes.sizeOf(shape)) return values;
    throw new AppError('INTERNAL', `${values.length} values do not fill the shape [${shape.join(', ')}].`);
  }
  zeros(shape: readonly number[]): Tensor {
    return this.kernels.fill(shape, 0);
  }
  parameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const initial = this.float(values, shape);
    const parameter = new VariableParameter(name, [...shape], this.kernels.variable(initial), this.kernels, this.scopes);
    this.scopes.release(initial);
    return parameter;
  }
  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array {
    return this.kernels.read(tensor);
  }
  scalar(tensor: Tensor): number {
    const [value] = this.kernels.read(tensor);
    if (value === undefined || shapes.sizeOf(tensor.shape) !== 1) {
      throw new AppError('INTERNAL', `A tensor of shape [${tensor.shape.join(', ')}] is not one number.`);
    }
    return value;
  }

  /** While gradients are recorded, what is made inside must outlive the work: the pass over the tape frees it. */
  tidy<T extends TidyResult>(work: () => T): T {
    if (this.recorder.tape) return work();
    this.scopes.start();
    let kept: readonly Tensor[] = [];
    try {
      const result = work();
      kept = tensorsOf(result);
      return result;
    } finally {
      this.scopes.end(kept);
    }
  }
  dispose(tensor: Tensor | readonly Tensor[]): void {
    if (this.recorder.tape) return;
    for (const one of isTensor(tensor) ? [tensor] : tensor) this.scopes.release(one);
  }
  keep(tensor: Tensor): Tensor {
    this.scopes.forget(tensor);
    return tensor;
  }
  tensorCount(): number {
    return this.scopes.count();
  }

  matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
    return linear.matMul(this.recorder, a, b, transposeA, transposeB);
  }
  batchMatMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
    return linear.batchMatMul(this.recorder, a, b, transposeA, transposeB);
  }
  add(a: Tensor, b: Tensor | number): Tensor {
    return binary(this.recorder, 'add', a, b);
  }
  sub(a: Tensor | number, b: Tensor | number): Tensor {
    return binary(this.recorder, 'sub', a, b);
  }
  mul(a: Tensor, b: Tensor | number): Tensor {
    return binary(this.recorder, 'mul', a, b);
  }
  div(a: Tensor, b: Tensor | number): Tensor {
    return binary(this.recorder, 'div', a, b);
  }
  maximum(a: Tensor, b: Tensor | number): Tensor {
    return binary(this.recorder, 'maximum', a, b);
  }
  minimum(a: Tensor, b: Tensor | number): Tensor {
    return binary(this.recorder, 'minimum', a, b);
  }
  neg(a: Tensor): Tensor {
    return unary(this.recorder, 'neg', a);
  }
  exp(a: Tensor): Tensor {
    return unary(this.recorder, 'exp', a);
  }
  log(a: Tensor): Tensor {
    return unary(this.recorder, 'log', a);
  }
  square(a: Tensor): Tensor {
    return unary(this.recorder, 'square', a);
  }
  rsqrt(a: Tensor): Tensor {
    return unary(this.recorder, 'rsqrt', a);
  }
  sigmoid(a: Tensor): Tensor {
    return unary(this.recorder, 'sigmoid', a);
  }
  logSigmoid(a: Tensor): Tensor {
    return logSigmoid(this.recorder, a);
  }
  softmax(a: Tensor): Tensor {
    return linear.softmax(this.recorder, a);
  }
  logSoftmax(a: Tensor): Tensor {
    return this.tidy(() => linear.logSoftmax(this.recorder, a));
  }
  clip(a: Tensor, low: number, high: number): Tensor {
    return clip(this.recorder, a, low, high);
  }
  swiGlu(gate: Tensor, up: Tensor): Tensor {
    return this.tidy(() => swiGlu(this.recorder, gate, up));
  }
  gelu(a: Tensor, form: 'erf' | 'tanh'): Tensor {
    return this.tidy(() => gelu(this.recorder, a, form));
  }
  layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
    return this.tidy(() => layerNorm(this.recorder, x, weight, bias, epsilon));
  }
  plainRmsNorm(x: Tensor, epsilon: number): Tensor {
    return this.tidy(() => linear.plainRmsNorm(this.recorder, x, epsilon));
  }
  rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
    return this.tidy(() => linear.rmsNorm(this.recorder, x, weight, epsilon));
  }
  attention(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor): Tensor {
    return this.tidy(() => linear.attention(this.recorder, queries, keys, values, mask));
  }
  rotate(x: Tensor, turns: Tensor): Tensor {
    return this.tidy(() => linear.rotate(this.recorder, x, turns));
  }
  argMax(rows: Tensor): Tensor {
    return this.kernels.argMax(rows);
  }
  tokenLogProbs(hidden: Tensor, weight: Tensor, targets: Tensor, scale: number): Tensor {
    return this.tidy(() => linear.tokenLogProbs(this.recorder, hidden, weight, targets, scale));
  }
  sum(a: Tensor, axis?: number, keepDims = false): Tensor {
    return shapes.reduce(this.recorder, 'sum', a, axis, keepDims);
  }
  mean(a: Tensor, axis?: number, keepDims = false): Tensor {
    return shapes.reduce(this.recorder, 'mean', a, axis, keepDims);
  }
  max(a: Tensor, axis?: number, keepDims = false): Tensor {
    return shapes.reduce(this.recorder, 'max', a, axis, keepDims);
  }
  reshape(a: Tensor, shape: readonly number[]): Tensor {
    return shapes.reshape(this.recorder, a, shape);
  }
  transpose(a: Tensor, permutation: readonly number[]): Tensor {
    return shapes.transpose(this.recorder, a, permutation);
  }
  concat(tensors: readonly Tensor[], axis: number): Tensor {
    return shapes.concat(this.recorder, tensors, axis);
  }
  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
    return shapes.slice(this.recorder, a, begin, size);
  }
  split(a: Tensor, sizes: readonly number[], axis: number): Tensor[] {
    return shapes.split(this.recorder, a, sizes, axis);
  }
  multiples(count: number, step: number): Tensor {
    return this.kernels.multiples(count, step);
  }
  gatherRows(table: Tensor, indices: Tensor): Tensor {
    return linear.gatherRows(this.recorder, table, indices);
  }
  pick(rows: Tensor, indices: Tensor): Tensor {
    return this.tidy(() => linear.pick(this.recorder, rows, indices));
  }
  stopGradient(a: Tensor): Tensor {
    return this.kernels.unary('identity', a);
  }

  cacheWrite(cache: Tensor, rows: Tensor, values: Tensor): Tensor {
    return this.kernels.updateRows(cache, rows, values);
  }

  recompute(inputs: readonly Tensor[], work: (...inputs: readonly Tensor[]) => Tensor): Tensor {
    return recompute(this.recorder, inputs, work);
  }

  graph<T extends TidyResult>(work: () => T): T {
    if (this.recorder.tape) return work();
    return this.kernels.region(true, work, tensorsOf);
  }

  gradients(
    parameters: Parameters,
    loss: () => { loss: Tensor; aux?: Readonly<Record<string, Tensor>> },
    options: { readonly recorded?: boolean } = {},
  ) {
    if (this.recorder.tape) throw new AppError('INTERNAL', 'Gradients inside of gradients are not supported.');
    const result = this.kernels.region(
      options.recorded ?? false,
      () => {
        const tape = new Tape();
        for (const parameter of parameters.values()) tape.watch(parameter.read());
        this.recorder.tape = tape;
        try {
          const { aux = {}, loss: value } = loss();
          this.recorder.tape = undefined;
          const byTensor = tape.gradientsOf(value, new Set([value, ...Object.values(aux)]), this.kernels, this.scopes);
          const gradients = new Map(
            [...parameters].map(([name, parameter]) => [name, byTensor.get(parameter.read()) ?? this.kernels.fill(parameter.shape, 0)]),
          );
          return { aux, gradients, value };
        } finally {
          this.recorder.tape = undefined;
        }
      },
      ({ aux, gradients, value }) => [value, ...gradients.values(), ...Object.values(aux)],
    );
    const { aux, gradients, value } = result;
    const number = this.scalar(value);
    if (!Object.values(aux).includes(value)) this.scopes.release(value);
    return { loss: number, gradients, aux };
  }

  clipByGlobalNorm(gradients: ReadonlyMap<string, Tensor>, maxNorm: number) {
    return clipByGlobalNorm(this.kernels, this.scopes, gradients, maxNorm);
  }
  adamState(parameters: Parameters): AdamState {
    return adamState(this, parameters);
  }
  adam(parameters: Parameters, gradients: ReadonlyMap<string, Tensor>, state: AdamState, config: AdamConfig): void {
    adam(this.kernels, this.scopes, parameters, gradients, state, config);
  }

  compile<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[]): (...inputs: A) => readonly Tensor[] {
    return this.kernels.compile(work);
  }
}
