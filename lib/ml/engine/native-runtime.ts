import { AppError } from '#lib/errors';
import type { Tensor } from './engine';
import type { NativeBinding, OpAttribute } from './native-binding';
import type { Scopes } from './scopes';

/** A handle of an eager tensor; `id` is -1 once it is freed. */
export interface NativeTensor extends Tensor {
  id: number;
}

const maximumConstants = 4096;

/** Calls of eager operations, handles, and the small constants (shapes, axes, scalars) that are made once. */
export class NativeRuntime {
  private readonly constants = new Map<string, NativeTensor>();
  readonly float: OpAttribute;
  readonly int: OpAttribute;

  constructor(
    readonly binding: NativeBinding,
    readonly scopes: Scopes,
  ) {
    this.float = this.type('T', binding.TF_FLOAT);
    this.int = this.type('T', binding.TF_INT32);
  }

  type(name: string, value: number): OpAttribute {
    return { name, type: this.binding.TF_ATTR_TYPE, value };
  }
  bool(name: string, value: boolean): OpAttribute {
    return { name, type: this.binding.TF_ATTR_BOOL, value };
  }
  integer(name: string, value: number): OpAttribute {
    return { name, type: this.binding.TF_ATTR_INT, value };
  }
  typeOf(tensor: Tensor): OpAttribute {
    return tensor.dtype === 'int32' ? this.int : this.float;
  }

  idOf(tensor: Tensor): number {
    const { id } = tensor as NativeTensor;
    if (id < 0) throw new AppError('INTERNAL', `A tensor of shape [${tensor.shape.join(', ')}] was used after it was freed.`);
    return id;
  }

  wrap(id: number, shape: readonly number[], dtype: number): NativeTensor {
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
  executeKept(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): NativeTensor {
    const [output] = this.binding.executeOp(
      name,
      attributes,
      inputs.map((tensor) => this.idOf(tensor)),
      1,
    );
    if (!output) throw new AppError('INTERNAL', `The TensorFlow operation ${name} returned nothing.`);
    return this.wrap(output.id, output.shape, output.dtype);
  }

  execute(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): NativeTensor {
    return this.scopes.add(this.executeKept(name, attributes, inputs));
  }

  run(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): void {
    this.binding.executeOp(
      name,
      attributes,
      inputs.map((tensor) => this.idOf(tensor)),
      0,
    );
  }

  /** Small arrays that say shapes, axes and scalars: made once. */
  kept(key: string, make: () => { values: Float32Array | Int32Array; shape: readonly number[] }): NativeTensor {
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

  indices(values: readonly number[]): NativeTensor {
    return this.kept(`i${values.join(',')}`, () => ({ values: Int32Array.from(values), shape: [values.length] }));
  }

  index(value: number): NativeTensor {
    return this.kept(`s${value}`, () => ({ values: Int32Array.of(value), shape: [] }));
  }

  constant(value: number): Tensor {
    return this.kept(`f${value}`, () => ({ values: Float32Array.of(value), shape: [] }));
  }

  /** Takes `values` over. */
  create(values: Float32Array | Int32Array, shape: readonly number[]): NativeTensor {
    const dtype = values instanceof Int32Array ? this.binding.TF_INT32 : this.binding.TF_FLOAT;
    return this.wrap(this.binding.createTensor(shape, dtype, values), shape, dtype);
  }

  free(tensor: Tensor): void {
    const native = tensor as NativeTensor;
    if (native.id < 0) return;
    this.binding.deleteTensor(native.id);
    native.id = -1;
  }
}
