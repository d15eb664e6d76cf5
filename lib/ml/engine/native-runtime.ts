import { AppError } from '#lib/errors';
import type { Tensor } from './engine';
import type { GraphProgram } from './graph-program';
import { GraphRecorder, recordedId } from './graph-recorder';
import type { NativeBinding, OpAttribute } from './native-binding';
import { NativeGraphs } from './native-graphs';
import type { Scopes } from './scopes';

/** A handle of an eager tensor; `id` is -1 once it is freed and `recordedId` before its graph has run. */
export interface NativeTensor extends Tensor {
  id: number;
  /** Small and never changed: written into recorded graphs by value. */
  readonly constant?: { readonly key: string; readonly values: Float32Array | Int32Array };
  /** Gets a new `id` where the old one was given up: of a variable's value, which outlives every update. */
  readonly refresh?: () => void;
}

/** A recorded function for inputs of certain shapes. */
interface Compiled {
  readonly signature: string;
  readonly program: GraphProgram;
  /** Feeds after the inputs: what the function read besides, which has to be alive in every call. */
  readonly captured: readonly NativeTensor[];
  readonly outputs: readonly { readonly shape: readonly number[]; readonly dtype: string }[];
}

const maximumConstants = 4096;

/**
 * Calls of operations, handles, and the small constants (shapes, axes, scalars) that are made once. While something is recorded,
 * operations are written down, and run as one graph when the recording ends.
 */
export class NativeRuntime {
  private readonly constants = new Map<string, NativeTensor>();
  private readonly graphs: NativeGraphs;
  private recorder: GraphRecorder | undefined;
  /** True in work that is recorded once for many calls: what it uploads would be frozen into the graph. */
  private frozen = false;
  readonly float: OpAttribute;
  readonly int: OpAttribute;

  constructor(
    readonly binding: NativeBinding,
    readonly scopes: Scopes,
    /** Whether regions and compiled functions are recorded at all. */
    private readonly records: boolean,
  ) {
    this.graphs = new NativeGraphs(binding);
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
    const native = tensor as NativeTensor;
    if (native.id >= 0) return native.id;
    native.refresh?.();
    if (native.id >= 0) return native.id;
    const shape = `A tensor of shape [${tensor.shape.join(', ')}]`;
    throw new AppError(
      'INTERNAL',
      native.id === recordedId ? `${shape} has no value before its graph has run.` : `${shape} was used after it was freed.`,
    );
  }

  private dtypeName(dtype: number): string {
    const { TF_BOOL, TF_FLOAT, TF_INT32 } = this.binding;
    return dtype === TF_FLOAT ? 'float32' : dtype === TF_INT32 ? 'int32' : dtype === TF_BOOL ? 'bool' : 'resource';
  }

  private dtypeNumber(dtype: string): number {
    const { TF_BOOL, TF_FLOAT, TF_INT32 } = this.binding;
    return dtype === 'int32' ? TF_INT32 : dtype === 'bool' ? TF_BOOL : TF_FLOAT;
  }

  wrap(id: number, shape: readonly number[], dtype: number): NativeTensor {
    return { id, shape, dtype: this.dtypeName(dtype) };
  }

  /** Runs at once, recording or not: a tensor that belongs to no scope and is not counted. */
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

  /** `shape` and `dtype` are those of the result, which a recording has to know before it runs. */
  execute(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Tensor[],
    shape: readonly number[],
    dtype = 'float32',
  ): NativeTensor {
    if (!this.recorder) return this.scopes.add(this.executeKept(name, attributes, inputs));
    const output: NativeTensor = { id: recordedId, shape, dtype };
    this.recorder.record(name, attributes, inputs as readonly NativeTensor[], output);
    return this.scopes.add(output);
  }

  /** Runs `work`; if `recorded`, it is written down and run as one graph. Everything but the returned tensors is freed. */
  region<T>(recorded: boolean, work: () => T, outputsOf: (result: T) => readonly Tensor[]): T {
    if (this.recorder) return work();
    this.scopes.start();
    let outputs: readonly Tensor[] = [];
    try {
      const recorder = recorded && this.records ? this.startRecording() : undefined;
      const result = work();
      outputs = outputsOf(result);
      if (!recorder) return result;
      const fetched = [...new Set(outputs as readonly NativeTensor[])].filter(({ id }) => id === recordedId);
      const { feeds, program, signature } = recorder.finish(fetched);
      this.recorder = undefined;
      const ids = this.graphs.run(
        signature,
        () => program,
        feeds.map((feed) => this.idOf(feed)),
      );
      fetched.forEach((output, index) => {
        output.id = ids[index] ?? -1;
      });
      for (const feed of recorder.freedFeeds) this.free(feed);
      return result;
    } finally {
      this.recorder = undefined;
      this.scopes.end(outputs);
    }
  }

  after<T>(tensor: Tensor, work: () => T): T {
    return this.recorder ? this.recorder.after(tensor as NativeTensor, work) : work();
  }

  /** A function that is recorded once for each combination of input shapes. */
  compile<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[]): (...inputs: A) => readonly Tensor[] {
    const byShape = new Map<string, Compiled>();
    return (...inputs) => {
      if (this.recorder || !this.records)
        return this.region(
          false,
          () => work(...inputs),
          (outputs) => outputs,
        );
      const key = inputs.map(({ dtype, shape }) => `${dtype} ${shape.join(',')}`).join(';');
      let compiled = byShape.get(key);
      if (!compiled) {
        compiled = this.recordFunction(work, inputs);
        byShape.set(key, compiled);
      }
      const { captured, outputs, program, signature } = compiled;
      const ids = this.graphs.run(
        signature,
        () => program,
        [...inputs, ...captured].map((tensor) => this.idOf(tensor)),
      );
      return outputs.map(({ dtype, shape }, index) => this.scopes.add<NativeTensor>({ id: ids[index] ?? -1, shape, dtype }));
    };
  }

  private recordFunction<A extends readonly Tensor[]>(work: (...inputs: A) => readonly Tensor[], inputs: A): Compiled {
    this.scopes.start();
    try {
      const recorder = this.startRecording();
      this.frozen = true;
      for (const input of inputs) recorder.feed(input as NativeTensor);
      const outputs = work(...inputs) as readonly NativeTensor[];
      const { feeds, program, signature } = recorder.finish(outputs);
      const captured = feeds.slice(inputs.length);
      return { captured, outputs: outputs.map(({ dtype, shape }) => ({ dtype, shape })), program, signature };
    } finally {
      this.recorder = undefined;
      this.frozen = false;
      this.scopes.end([]);
    }
  }

  private startRecording(): GraphRecorder {
    this.recorder = new GraphRecorder(({ dtype }) => this.dtypeNumber(dtype));
    return this.recorder;
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
    const { dtype, id } = this.create(values.slice(), shape);
    const made: NativeTensor = { id, shape, dtype, constant: { key, values } };
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

  column(length: number, value: number): Tensor {
    return this.kept(`v${length},${value}`, () => ({ values: new Float32Array(length).fill(value), shape: [length, 1] }));
  }

  /** `0, step, 2 step, ...`: `[count]` int32. */
  multiples(count: number, step: number): Tensor {
    return this.kept(`r${count},${step}`, () => ({
      values: Int32Array.from({ length: count }, (_, index) => index * step),
      shape: [count],
    }));
  }

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    if (this.frozen) throw new AppError('INTERNAL', 'A compiled function may not make data: it would be the same in every call.');
    return this.scopes.add(this.create(values.slice(), shape));
  }

  /** Takes `values` over. */
  create(values: Float32Array | Int32Array, shape: readonly number[]): NativeTensor {
    const dtype = values instanceof Int32Array ? this.binding.TF_INT32 : this.binding.TF_FLOAT;
    return this.wrap(this.binding.createTensor(shape, dtype, values), shape, dtype);
  }

  free(tensor: Tensor): void {
    const native = tensor as NativeTensor;
    if (this.recorder?.isFeed(native)) {
      this.recorder.freedFeeds.push(native);
      return;
    }
    if (native.id >= 0) this.binding.deleteTensor(native.id);
    native.id = -1;
  }
}
