import { AppError } from '#lib/errors';
import type { EngineCapabilities, Tensor } from './engine';
import type { AdamScalars, BinaryOp, Kernels, Reduction, UnaryOp, Variable } from './kernels';
import type { NativeBinding, OpAttribute } from './native-binding';
import { NativeRuntime } from './native-runtime';
import { NativeVariable } from './native-variable';
import type { Scopes } from './scopes';

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
  identity: 'Identity',
};

const reductionNames: Readonly<Record<Reduction, string>> = { sum: 'Sum', mean: 'Mean', max: 'Max' };

/** TensorFlow operations called one by one through the C API ("eager"). */
export class NativeKernels extends NativeRuntime implements Kernels {
  readonly capabilities: EngineCapabilities;
  private readonly indexAttributes: Readonly<Record<'Tidx' | 'Tperm' | 'Tshape' | 'Index' | 'Tpaddings', OpAttribute>>;
  private readonly matMulAttributes: readonly OpAttribute[][];
  private readonly batchAttributes: readonly OpAttribute[][];

  constructor(binding: NativeBinding, scopes: Scopes, threads: number) {
    super(binding, scopes);
    this.capabilities = {
      backend: 'native',
      device: binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
      library: `TensorFlow ${binding.TF_Version}`,
      threads,
      graph: false,
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

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    return this.scopes.add(this.create(values.slice(), shape));
  }

  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array {
    return this.binding.tensorDataSync(this.idOf(tensor));
  }

  fill(shape: readonly number[], value: number): Tensor {
    return this.execute('Fill', [this.float, this.type('index_type', this.binding.TF_INT32)], [this.indices(shape), this.constant(value)]);
  }

  binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor {
    const result = this.execute(binaryNames[op], [this.typeOf(a)], [a, b]);
    if (result.dtype !== 'bool') return result;
    const { TF_BOOL, TF_FLOAT } = this.binding;
    const mask = this.execute('Cast', [this.type('SrcT', TF_BOOL), this.type('DstT', TF_FLOAT), this.bool('Truncate', false)], [result]);
    this.scopes.release(result);
    return mask;
  }

  unary(op: UnaryOp, a: Tensor): Tensor {
    return this.execute(unaryNames[op], [this.typeOf(a)], [a]);
  }

  reduce(op: Reduction, a: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
    return this.execute(
      reductionNames[op],
      [this.bool('keep_dims', keepDims), this.typeOf(a), this.indexAttributes.Tidx],
      [a, this.indices(axes)],
    );
  }

  matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
    return this.execute('MatMul', this.matMulAttributes[(transposeA ? 2 : 0) + (transposeB ? 1 : 0)] ?? [], [a, b]);
  }

  batchMatMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
    return this.execute('BatchMatMulV2', this.batchAttributes[(transposeA ? 2 : 0) + (transposeB ? 1 : 0)] ?? [], [a, b]);
  }

  softmax(a: Tensor): Tensor {
    return this.execute('Softmax', [this.float], [a]);
  }

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    return this.execute('Reshape', [this.typeOf(a), this.indexAttributes.Tshape], [a, this.indices(shape)]);
  }

  transpose(a: Tensor, permutation: readonly number[]): Tensor {
    return this.execute('Transpose', [this.typeOf(a), this.indexAttributes.Tperm], [a, this.indices(permutation)]);
  }

  concat(tensors: readonly Tensor[], axis: number): Tensor {
    const [first] = tensors;
    if (!first) throw new AppError('INTERNAL', 'Nothing to concatenate.');
    return this.execute(
      'ConcatV2',
      [this.integer('N', tensors.length), this.typeOf(first), this.indexAttributes.Tidx],
      [...tensors, this.index(axis)],
    );
  }

  slice(a: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
    return this.execute('Slice', [this.typeOf(a), this.indexAttributes.Index], [a, this.indices(begin), this.indices(size)]);
  }

  pad(a: Tensor, paddings: readonly (readonly [number, number])[]): Tensor {
    const flat = paddings.flat();
    const amounts = this.kept(`p${flat.join(',')}`, () => ({ values: Int32Array.from(flat), shape: [paddings.length, 2] }));
    return this.execute('Pad', [this.typeOf(a), this.indexAttributes.Tpaddings], [a, amounts]);
  }

  broadcastTo(a: Tensor, shape: readonly number[]): Tensor {
    return this.execute('BroadcastTo', [this.typeOf(a), this.indexAttributes.Tidx], [a, this.indices(shape)]);
  }

  gatherRows(table: Tensor, indices: Tensor): Tensor {
    const { TF_INT32 } = this.binding;
    const attributes = [
      this.integer('batch_dims', 0),
      { ...this.typeOf(table), name: 'Tparams' },
      this.type('Tindices', TF_INT32),
      this.type('Taxis', TF_INT32),
    ];
    return this.execute('GatherV2', attributes, [table, indices, this.index(0)]);
  }

  scatterAddRows(values: Tensor, indices: Tensor, rows: number): Tensor {
    const { TF_INT32 } = this.binding;
    return this.execute(
      'UnsortedSegmentSum',
      [this.float, this.type('Tindices', TF_INT32), this.type('Tnumsegments', TF_INT32)],
      [values, indices, this.index(rows)],
    );
  }

  updateRows(target: Tensor, rows: Int32Array, values: Tensor): Tensor {
    const numbers = this.create(rows.slice(), [rows.length]);
    try {
      // the output is an alias of the same buffer: the old handle is given up
      const updated = this.execute('InplaceUpdate', [this.float], [target, numbers, values]);
      this.scopes.release(target);
      return updated;
    } finally {
      this.free(numbers);
    }
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

  compile<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[]): (...inputs: A) => readonly Tensor[] {
    return work;
  }
}
