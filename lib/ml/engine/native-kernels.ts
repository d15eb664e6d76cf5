import { AppError } from '#lib/errors';
import type { EngineCapabilities, Tensor } from './engine';
import type { AdamScalars, BinaryOp, Kernels, Reduction, UnaryOp, Variable } from './kernels';
import type { NativeBinding, OpAttribute } from './native-binding';
import { NativeRuntime } from './native-runtime';
import { NativeVariable } from './native-variable';
import { broadcastShape, reducedShape } from './result-shapes';
import type { Scopes } from './scopes';
import { sizeOf } from './shapes';

const binaryNames: Readonly<Record<BinaryOp, string>> = {
  add: 'AddV2',
  sub: 'Sub',
  mul: 'Mul',
  div: 'RealDiv',
  maximum: 'Maximum',
  minimum: 'Minimum',
  greaterEqual: 'GreaterEqual',
  less: 'Less',
  equal: 'Equal',
};

const unaryNames: Readonly<Record<UnaryOp, string>> = {
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  square: 'Square',
  rsqrt: 'Rsqrt',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  tanh: 'Tanh',
  erf: 'Erf',
  identity: 'Identity',
};

const reductionNames: Readonly<Record<Reduction, string>> = { sum: 'Sum', mean: 'Mean', max: 'Max' };

/** TF_COMPLEX64 of the C API. */
const complexType = 8;

const comparisons: ReadonlySet<BinaryOp> = new Set(['greaterEqual', 'less', 'equal']);

/** Shape of op(A) op(B) over the last two axes. */
function productShape(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): number[] {
  const rank = a.shape.length;
  return [...a.shape.slice(0, -2), a.shape[rank - (transposeA ? 1 : 2)] ?? 0, b.shape[rank - (transposeB ? 2 : 1)] ?? 0];
}

/** TensorFlow operations called one by one through the C API ("eager"). */
export class NativeKernels extends NativeRuntime implements Kernels {
  readonly capabilities: EngineCapabilities;
  private readonly indexAttributes: Readonly<Record<'Tidx' | 'Tperm' | 'Tshape' | 'Index' | 'Tpaddings', OpAttribute>>;
  private readonly matMulAttributes: readonly OpAttribute[][];
  private readonly batchAttributes: readonly OpAttribute[][];

  constructor(binding: NativeBinding, scopes: Scopes, threads: number) {
    super(binding, scopes, !binding.isUsingGpuDevice());
    this.capabilities = {
      backend: 'native',
      device: binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
      library: `TensorFlow ${binding.TF_Version}`,
      threads,
      graph: !binding.isUsingGpuDevice(),
      inplace: true,
    };
    const index = (name: string) => this.type(name, binding.TF_INT32);
    this.indexAttributes = {
      Tidx: index('Tidx'),
      Tperm: index('Tperm'),
      Tshape: index('Tshape'),
      Index: index('Index'),
      Tpaddings: index('Tpaddings'),
    };
    const flags = [0, 1, 2, 3];
    this.matMulAttributes = flags.map((bits) => [this.float, this.bool('transpose_a', bits > 1), this.bool('transpose_b', bits % 2 === 1)]);
    this.batchAttributes = flags.map((bits) => [this.float, this.bool('adj_x', bits > 1), this.bool('adj_y', bits % 2 === 1)]);
  }

  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array {
    return this.binding.tensorDataSync(this.idOf(tensor));
  }

  fill(shape: readonly number[], value: number): Tensor {
    return this.execute(
      'Fill',
      [this.float, this.type('index_type', this.binding.TF_INT32)],
      [this.indices(shape), this.constant(value)],
      shape,
    );
  }

  binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor {
    const shape = broadcastShape(a.shape, b.shape);
    const compares = comparisons.has(op);
    const result = this.execute(binaryNames[op], [this.typeOf(a)], [a, b], shape, compares ? 'bool' : a.dtype);
    if (!compares) return result;
    const { TF_BOOL, TF_FLOAT } = this.binding;
    const mask = this.execute(
      'Cast',
      [this.type('SrcT', TF_BOOL), this.type('DstT', TF_FLOAT), this.bool('Truncate', false)],
      [result],
      shape,
    );
    this.scopes.release(result);
    return mask;
  }

  unary(op: UnaryOp, a: Tensor): Tensor {
    return this.execute(unaryNames[op], [this.typeOf(a)], [a], a.shape, a.dtype);
  }

  sigmoidGradient(y: Tensor, dy: Tensor): Tensor {
    return this.execute('SigmoidGrad', [this.float], [y, dy], y.shape);
  }

  reduce(op: Reduction, a: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
    return this.execute(
      reductionNames[op],
      [this.bool('keep_dims', keepDims), this.typeOf(a), this.indexAttributes.Tidx],
      [a, this.indices(axes)],
      reducedShape(a.shape, axes, keepDims),
      a.dtype,
    );
  }

  halfSquares(a: Tensor): Tensor {
    return this.execute('L2Loss', [this.float], [a], []);
  }

  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
    const shape = productShape(a, b, transposeA, transposeB);
    return this.execute('MatMul', this.matMulAttributes[(transposeA ? 2 : 0) + (transposeB ? 1 : 0)] ?? [], [a, b], shape);
  }

  batchMatMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
    const shape = productShape(a, b, transposeA, transposeB);
    return this.execute('BatchMatMulV2', this.batchAttributes[(transposeA ? 2 : 0) + (transposeB ? 1 : 0)] ?? [], [a, b], shape);
  }

  softmax(a: Tensor): Tensor {
    return this.execute('Softmax', [this.float], [a], a.shape);
  }

  argMax(rows: Tensor): Tensor {
    const attributes = [this.float, this.indexAttributes.Tidx, this.type('output_type', this.binding.TF_INT32)];
    return this.execute('ArgMax', attributes, [rows, this.index(1)], rows.shape.slice(0, 1), 'int32');
  }

  /** One multiplication of complex numbers; the casts between pairs and complex numbers move nothing. */
  rotatePairs(x: Tensor, turns: Tensor, conjugate: boolean): Tensor {
    const { TF_FLOAT } = this.binding;
    const heads = x.shape[0] ?? 0;
    const complex = this.type('T', complexType);
    const pairs = sizeOf(turns.shape) / 2;
    const toComplex = (tensor: Tensor, shape: readonly number[]) =>
      this.execute('Bitcast', [this.float, this.type('type', complexType)], [this.reshape(tensor, [...shape, 2])], shape, 'complex64');
    const angles = toComplex(turns, [pairs]);
    const turned = this.execute(
      'Mul',
      [complex],
      [toComplex(x, [heads, pairs]), conjugate ? this.execute('Conj', [complex], [angles], [pairs], 'complex64') : angles],
      [heads, pairs],
      'complex64',
    );
    return this.reshape(this.execute('Bitcast', [complex, this.type('type', TF_FLOAT)], [turned], [heads, pairs, 2]), x.shape);
  }

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    return this.execute('Reshape', [this.typeOf(a), this.indexAttributes.Tshape], [a, this.indices(shape)], shape, a.dtype);
  }

  transpose(a: Tensor, permutation: readonly number[]): Tensor {
    return this.execute(
      'Transpose',
      [this.typeOf(a), this.indexAttributes.Tperm],
      [a, this.indices(permutation)],
      permutation.map((axis) => a.shape[axis] ?? 0),
      a.dtype,
    );
  }

  concat(tensors: readonly Tensor[], axis: number): Tensor {
    const [first] = tensors;
    if (!first) throw new AppError('INTERNAL', 'Nothing to concatenate.');
    return this.execute(
      'ConcatV2',
      [this.integer('N', tensors.length), this.typeOf(first), this.indexAttributes.Tidx],
      [...tensors, this.index(axis)],
      first.shape.map((length, at) => (at === axis ? tensors.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0) : length)),
      first.dtype,
    );
  }

  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
    return this.execute('Slice', [this.typeOf(a), this.indexAttributes.Index], [a, this.indices(begin), this.indices(size)], size, a.dtype);
  }

  pad(a: Tensor, paddings: readonly (readonly [number, number])[]): Tensor {
    const flat = paddings.flat();
    const amounts = this.kept(`p${flat.join(',')}`, () => ({ values: Int32Array.from(flat), shape: [paddings.length, 2] }));
    return this.execute(
      'Pad',
      [this.typeOf(a), this.indexAttributes.Tpaddings],
      [a, amounts],
      a.shape.map((length, axis) => length + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0)),
      a.dtype,
    );
  }

  broadcastTo(a: Tensor, shape: readonly number[]): Tensor {
    return this.execute('BroadcastTo', [this.typeOf(a), this.indexAttributes.Tidx], [a, this.indices(shape)], shape, a.dtype);
  }

  gatherRows(table: Tensor, indices: Tensor): Tensor {
    const { TF_INT32 } = this.binding;
    const attributes = [
      this.integer('batch_dims', 0),
      { ...this.typeOf(table), name: 'Tparams' },
      this.type('Tindices', TF_INT32),
      this.type('Taxis', TF_INT32),
    ];
    return this.execute('GatherV2', attributes, [table, indices, this.index(0)], [...indices.shape, ...table.shape.slice(1)], table.dtype);
  }

  scatterAddRows(values: Tensor, indices: Tensor, rows: number): Tensor {
    const { TF_INT32 } = this.binding;
    return this.execute(
      'UnsortedSegmentSum',
      [this.float, this.type('Tindices', TF_INT32), this.type('Tnumsegments', TF_INT32)],
      [values, indices, this.index(rows)],
      [rows, ...values.shape.slice(1)],
    );
  }

  updateRows(target: Tensor, rows: Tensor, values: Tensor): Tensor {
    return this.execute('InplaceUpdate', [this.float], [target, rows, values], target.shape);
  }

  variable(initial: Tensor): Variable {
    return new NativeVariable(this, initial);
  }

  adam(
    updates: readonly { value: Variable; first: Variable; second: Variable; gradient: Tensor; decays: boolean }[],
    scalars: AdamScalars,
  ): void {
    const { beta1, beta2, epsilon, learningRate, step } = scalars;
    const power1 = beta1 ** step;
    const power2 = beta2 ** step;
    // TensorFlow adds epsilon to sqrt(v) before the bias correction; scaled, it is the epsilon of the paper's algorithm 1
    const numbers = [power1, power2, learningRate, beta1, beta2, epsilon * Math.sqrt(1 - power2)].map((value) =>
      this.create(Float32Array.of(value), []),
    );
    const decay = this.create(Float32Array.of(scalars.decay), []);
    const attributes = [this.float, this.bool('use_locking', false)];
    for (const update of updates) {
      const value = update.value as NativeVariable;
      if (update.decays && scalars.decay !== 0) {
        const before = value.alias();
        this.run('ResourceApplyGradientDescent', attributes, [value.changing(), decay, before]);
        this.free(before);
      }
      const handles = [value, update.first as NativeVariable, update.second as NativeVariable].map((variable) => variable.changing());
      this.run('ResourceApplyAdam', [...attributes, this.bool('use_nesterov', false)], [...handles, ...numbers, update.gradient]);
    }
    for (const tensor of [...numbers, decay]) this.free(tensor);
  }
}
