import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as TensorFlowCore from '@tensorflow/tfjs-core';
import type { EngineCapabilities, Tensor } from './engine';
import type { AdamScalars, BinaryOp, Kernels, Reduction, UnaryOp, Variable } from './kernels';
import type { Scopes } from './scopes';
import { sizeOf } from './shapes';
import { WasmVariable } from './wasm-variable';

type Core = typeof TensorFlowCore;
type CoreTensor = TensorFlowCore.Tensor;

/** A view of a tensor's own memory. */
interface WasmBackend {
  typedArrayFromHeap(tensor: CoreTensor): Float32Array | Int32Array | Uint8Array;
}

/** tfjs with its WebAssembly backend, loaded from the files in node_modules. One thread. */
export async function loadWasm(): Promise<Core> {
  const require = createRequire(import.meta.url);
  const core = require('@tensorflow/tfjs-core') as Core;
  const backend = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(prefix: string): void };
  backend.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await core.setBackend('wasm');
  await core.ready();
  return core;
}

/** The fallback: always there, 50 to 100 times slower than the native library. */
export class WasmKernels implements Kernels {
  readonly capabilities: EngineCapabilities;
  private readonly constants = new Map<number, CoreTensor>();
  private readonly arrays = new Map<string, CoreTensor>();

  constructor(
    private readonly core: Core,
    private readonly scopes: Scopes,
  ) {
    const simd = core.env().getBool('WASM_HAS_SIMD_SUPPORT');
    this.capabilities = {
      backend: 'wasm',
      device: 'cpu',
      library: `tfjs wasm ${core.version_core}${simd ? ' (SIMD)' : ''}`,
      threads: 1,
      graph: false,
      inplace: false,
    };
  }

  private run(work: () => CoreTensor): Tensor {
    return this.scopes.add(this.core.tidy(work) as Tensor);
  }

  private tensor(values: Float32Array | Int32Array, shape: readonly number[]): CoreTensor {
    return this.core.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
  }

  constant(value: number): Tensor {
    let constant = this.constants.get(value);
    if (!constant) {
      constant = this.core.keep(this.core.scalar(value, 'float32'));
      this.constants.set(value, constant);
    }
    return constant as Tensor;
  }

  column(length: number, value: number): Tensor {
    return this.kept(`column ${length} ${value}`, () => this.tensor(new Float32Array(length).fill(value), [length, 1]));
  }

  multiples(count: number, step: number): Tensor {
    const numbers = () => Int32Array.from({ length: count }, (_, index) => index * step);
    return this.kept(`multiples ${count} ${step}`, () => this.tensor(numbers(), [count]));
  }

  private kept(key: string, make: () => CoreTensor): Tensor {
    let tensor = this.arrays.get(key);
    if (!tensor) {
      tensor = this.core.keep(make());
      this.arrays.set(key, tensor);
    }
    return tensor as Tensor;
  }

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    return this.run(() => this.tensor(values.slice(), shape));
  }

  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array {
    return (tensor as CoreTensor).dataSync().slice() as Float32Array | Int32Array | Uint8Array;
  }

  free(tensor: Tensor): void {
    (tensor as CoreTensor).dispose();
  }

  fill(shape: readonly number[], value: number): Tensor {
    return this.run(() => this.core.fill([...shape], value));
  }

  binary(op: BinaryOp, left: Tensor, right: Tensor): Tensor {
    const a = left as CoreTensor;
    const b = right as CoreTensor;
    const { core } = this;
    switch (op) {
      case 'greaterEqual':
      case 'less':
      case 'equal':
        return this.run(() => core.cast(core[op](a, b), 'float32'));
      default:
        return this.run(() => core[op](a, b));
    }
  }

  unary(op: UnaryOp, tensor: Tensor): Tensor {
    const a = tensor as CoreTensor;
    return this.run(() => (op === 'identity' ? this.core.clone(a) : this.core[op](a)));
  }

  sigmoidGradient(y: Tensor, dy: Tensor): Tensor {
    return this.binary('mul', this.binary('mul', dy, y), this.binary('sub', this.constant(1), y));
  }

  reduce(op: Reduction, a: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
    return this.run(() => this.core[op](a as CoreTensor, [...axes], keepDims));
  }

  /** The kernel is ten times slower with a transpose flag than after an explicit transpose. */
  private plain(tensor: Tensor, transposed: boolean): CoreTensor {
    const a = tensor as CoreTensor;
    if (!transposed) return a;
    const axes = a.shape.map((_, axis) => axis);
    const [last = 0, previous = 0] = [axes.pop(), axes.pop()];
    return this.core.transpose(a, [...axes, last, previous]);
  }

  halfSquares(a: Tensor): Tensor {
    const axes = a.shape.map((_, axis) => axis);
    return this.reduce('sum', this.binary('mul', this.unary('square', a), this.constant(0.5)), axes, false);
  }

  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
    return this.run(() => this.core.matMul(this.plain(a, transposeA), this.plain(b, transposeB)));
  }

  batchMatMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
    return this.matMul(a, b, transposeA, transposeB);
  }

  softmax(a: Tensor): Tensor {
    return this.run(() => this.core.softmax(a as CoreTensor));
  }

  argMax(rows: Tensor): Tensor {
    return this.run(() => this.core.argMax(rows as CoreTensor, 1));
  }

  rotatePairs(x: Tensor, turns: Tensor, conjugate: boolean): Tensor {
    const values = this.read(x) as Float32Array;
    const angles = this.read(turns) as Float32Array;
    const turned = new Float32Array(values.length);
    for (let index = 0; index < values.length; index += 2) {
      const [real = 0, imaginary = 0] = [values[index], values[index + 1]];
      const at = index % angles.length;
      const cos = angles[at] ?? 0;
      const sin = (conjugate ? -1 : 1) * (angles[at + 1] ?? 0);
      turned[index] = real * cos - imaginary * sin;
      turned[index + 1] = real * sin + imaginary * cos;
    }
    return this.run(() => this.tensor(turned, x.shape));
  }

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    return this.run(() => this.core.reshape(a as CoreTensor, [...shape]));
  }

  transpose(a: Tensor, permutation: readonly number[]): Tensor {
    return this.run(() => this.core.transpose(a as CoreTensor, [...permutation]));
  }

  concat(tensors: readonly Tensor[], axis: number): Tensor {
    return this.run(() => this.core.concat(tensors as CoreTensor[], axis));
  }

  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
    return this.run(() => this.core.slice(a as CoreTensor, [...begin], [...size]));
  }

  pad(a: Tensor, paddings: readonly (readonly [number, number])[]): Tensor {
    return this.run(() =>
      this.core.pad(
        a as CoreTensor,
        paddings.map(([before, after]) => [before, after]),
      ),
    );
  }

  broadcastTo(a: Tensor, shape: readonly number[]): Tensor {
    return this.run(() => this.core.broadcastTo(a as CoreTensor, [...shape]));
  }

  gatherRows(table: Tensor, indices: Tensor): Tensor {
    return this.run(() => this.core.gather(table as CoreTensor, indices as CoreTensor));
  }

  /** There is no such kernel: added up here, in the order of the rows. */
  scatterAddRows(values: Tensor, indices: Tensor, rows: number): Tensor {
    const width = sizeOf(values.shape) / Math.max(1, values.shape[0] ?? 0);
    const from = this.read(values);
    const target = new Float32Array(rows * width);
    this.read(indices).forEach((row, index) => {
      for (let column = 0; column < width; column += 1) {
        target[row * width + column] = (target[row * width + column] ?? 0) + (from[index * width + column] ?? 0);
      }
    });
    return this.run(() => this.tensor(target, [rows, ...values.shape.slice(1)]));
  }

  updateRows(target: Tensor, rows: Tensor, values: Tensor): Tensor {
    const cache = target as CoreTensor;
    const width = sizeOf(target.shape) / Math.max(1, target.shape[0] ?? 0);
    const from = this.read(values) as Float32Array;
    const memory = (this.core.backend() as unknown as WasmBackend).typedArrayFromHeap(cache) as Float32Array;
    this.read(rows).forEach((row, index) => {
      memory.set(from.subarray(index * width, (index + 1) * width), row * width);
    });
    return this.run(() => this.core.clone(cache));
  }

  variable(initial: Tensor): Variable {
    return new WasmVariable(this.core, initial as CoreTensor);
  }

  adam(
    updates: readonly { value: Variable; first: Variable; second: Variable; gradient: Tensor; decays: boolean }[],
    scalars: AdamScalars,
  ): void {
    const { core } = this;
    const { beta1, beta2, epsilon, learningRate, step } = scalars;
    const correction1 = 1 - beta1 ** step;
    const correction2 = 1 - beta2 ** step;
    for (const update of updates) {
      const value = update.value as WasmVariable;
      const first = update.first as WasmVariable;
      const second = update.second as WasmVariable;
      const gradient = update.gradient as CoreTensor;
      const [next, nextFirst, nextSecond] = core.tidy(() => {
        const m = core.add(core.mul(first.current, beta1), core.mul(gradient, 1 - beta1));
        const v = core.add(core.mul(second.current, beta2), core.mul(core.square(gradient), 1 - beta2));
        const kept = update.decays && scalars.decay !== 0 ? core.mul(value.current, 1 - scalars.decay) : value.current;
        const change = core.div(core.mul(m, learningRate / correction1), core.add(core.sqrt(core.div(v, correction2)), epsilon));
        return [core.sub(kept, change), m, v];
      }) as [CoreTensor, CoreTensor, CoreTensor];
      value.replace(next);
      first.replace(nextFirst);
      second.replace(nextSecond);
    }
  }

  readonly after = <T>(_tensor: Tensor, work: () => T): T => work();

  region<T>(_recorded: boolean, work: () => T, outputsOf: (result: T) => readonly Tensor[]): T {
    this.scopes.start();
    let outputs: readonly Tensor[] = [];
    try {
      const result = work();
      outputs = outputsOf(result);
      return result;
    } finally {
      this.scopes.end(outputs);
    }
  }

  compile<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[]): (...inputs: A) => readonly Tensor[] {
    return (...inputs) =>
      this.region(
        false,
        () => work(...inputs),
        (outputs) => outputs,
      );
  }
}
