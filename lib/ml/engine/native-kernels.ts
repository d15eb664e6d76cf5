import { AppError } from '#lib/errors';
import type { EngineCapabilities, Tensor } from './engine';
import type { AdamScalars, BinaryOp, Kernels, Reduction, UnaryOp, Variable } from './kernels';
import type { NativeBinding, OpAttribute } from './native-binding';
import type { Scopes } from './scopes';

/** A handle of an eager tensor; `id` is -1 once it is freed. */
export interface NativeTensor extends Tensor {
  id: number;
}

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

const maximumConstants = 4096;
let variableCount = 0;

/** TensorFlow operations called one by one through the C API ("eager"). */
export class NativeKernels implements Kernels {
  readonly capabilities: EngineCapabilities;
  private readonly constants = new Map<string, NativeTensor>();
  private readonly float: OpAttribute;
  private readonly int: OpAttribute;
  private readonly indexAttributes: Readonly<Record<'Tidx' | 'Tperm' | 'Tshape' | 'Index' | 'Tpaddings', OpAttribute>>;
  private readonly matMulAttributes: readonly OpAttribute[][];
  private readonly batchAttributes: readonly OpAttribute[][];

  constructor(
    private readonly binding: NativeBinding,
    private readonly scopes: Scopes,
    threads: number,
  ) {
    this.capabilities = {
      backend: 'native',
      device: binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
      library: `TensorFlow ${binding.TF_Version}`,
      threads,
      graph: false,
      inplace: true,
    };
    this.float = this.type('T', binding.TF_FLOAT);
    this.int = this.type('T', binding.TF_INT32);
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

  private type(name: string, value: number): OpAttribute {
    return { name, type: this.binding.TF_ATTR_TYPE, value };
  }
  private bool(name: string, value: boolean): OpAttribute {
    return { name, type: this.binding.TF_ATTR_BOOL, value };
  }
  private integer(name: string, value: number): OpAttribute {
    return { name, type: this.binding.TF_ATTR_INT, value };
  }
  private typeOf(tensor: Tensor): OpAttribute {
    return tensor.dtype === 'int32' ? this.int : this.float;
  }

  private idOf(tensor: Tensor): number {
    const { id } = tensor as NativeTensor;
    if (id < 0) throw new AppError('INTERNAL', `A tensor of shape [${tensor.shape.join(', ')}] was used after it was freed.`);
    return id;
  }

  private wrap(id: number, shape: readonly number[], dtype: number): NativeTensor {
    const name =
      dtype === this.binding.TF_FLOAT
        ? 'float32'
        : dtype === this.binding.TF_INT32
          ? 'int32'
          : dtype === this.binding.TF_BOOL
            ? 'bool'
            : 'resource';
    return { id, shape, dtype: name };
  }

  /** A tensor that belongs to no scope and is not counted. */
  private executeKept(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): NativeTensor {
    const [output] = this.binding.executeOp(
      name,
      attributes,
      inputs.map((tensor) => this.idOf(tensor)),
      1,
    );
    if (!output) throw new AppError('INTERNAL', `The TensorFlow operation ${name} returned nothing.`);
    return this.wrap(output.id, output.shape, output.dtype);
  }

  private execute(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): NativeTensor {
    return this.scopes.add(this.executeKept(name, attributes, inputs));
  }

  private run(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): void {
    this.binding.executeOp(
      name,
      attributes,
      inputs.map((tensor) => this.idOf(tensor)),
      0,
    );
  }

  /** Small arrays that say shapes, axes and scalars: made once. */
  private kept(key: string, make: () => { values: Float32Array | Int32Array; shape: readonly number[] }): NativeTensor {
    const found = this.constants.get(key);
    if (found) return found;
    if (this.constants.size >= maximumConstants) {
      for (const tensor of this.constants.values()) this.free(tensor);
      this.constants.clear();
    }
    const { values, shape } = make();
    const made = this.create(values, shape);
    this.constants.set(key, made);
    return made;
  }

  private indices(values: readonly number[]): NativeTensor {
    return this.kept(`i${values.join(',')}`, () => ({ values: Int32Array.from(values), shape: [values.length] }));
  }

  private index(value: number): NativeTensor {
    return this.kept(`s${value}`, () => ({ values: Int32Array.of(value), shape: [] }));
  }

  constant(value: number): Tensor {
    return this.kept(`f${value}`, () => ({ values: Float32Array.of(value), shape: [] }));
  }

  /** Takes `values` over. */
  private create(values: Float32Array | Int32Array, shape: readonly number[]): NativeTensor {
    const dtype = values instanceof Int32Array ? this.binding.TF_INT32 : this.binding.TF_FLOAT;
    return this.wrap(this.binding.createTensor(shape, dtype, values), shape, dtype);
  }

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    return this.scopes.add(this.create(values.slice(), shape));
  }

  read(tensor: Tensor): Float32Array | Int32Array | Uint8Array {
    return this.binding.tensorDataSync(this.idOf(tensor));
  }

  free(tensor: Tensor): void {
    const native = tensor as NativeTensor;
    if (native.id < 0) return;
    this.binding.deleteTensor(native.id);
    native.id = -1;
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
    const { binding } = this;
    variableCount += 1;
    const attributes: OpAttribute[] = [
      { name: 'container', type: binding.TF_ATTR_STRING, value: '' },
      { name: 'shared_name', type: binding.TF_ATTR_STRING, value: `variable-${variableCount}` },
      this.type('dtype', binding.TF_FLOAT),
      { name: 'shape', type: binding.TF_ATTR_SHAPE, value: initial.shape },
    ];
    return new NativeVariable(this, this.executeKept('VarHandleOp', attributes, []), initial);
  }

  assignVariable(handle: Tensor, values: Tensor): void {
    this.run('AssignVariableOp', [this.type('dtype', this.binding.TF_FLOAT)], [handle, values]);
  }

  readVariable(handle: Tensor): Tensor {
    return this.executeKept('ReadVariableOp', [this.type('dtype', this.binding.TF_FLOAT)], [handle]);
  }

  destroyVariable(handle: Tensor): void {
    this.run('DestroyResourceOp', [this.bool('ignore_lookup_error', true)], [handle]);
    this.free(handle);
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
        const before = this.readVariable(value.handle);
        this.run('ResourceApplyGradientDescent', attributes, [value.handle, decay, before]);
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

/** A resource variable: the optimizer changes it in place, reading it is an alias without a copy. */
class NativeVariable implements Variable {
  private current: Tensor | undefined;

  constructor(
    private readonly kernels: NativeKernels,
    readonly handle: Tensor,
    initial: Tensor,
  ) {
    kernels.assignVariable(handle, initial);
  }

  read(): Tensor {
    this.current ??= this.kernels.readVariable(this.handle);
    return this.current;
  }

  /** The handle, with the alias given up: a change while an alias is alive would copy the whole array. */
  changing(): Tensor {
    if (this.current) this.kernels.free(this.current);
    this.current = undefined;
    return this.handle;
  }

  assign(values: Tensor): void {
    this.kernels.assignVariable(this.changing(), values);
  }

  dispose(): void {
    this.kernels.destroyVariable(this.changing());
  }
}
