import type { Tensor } from './engine';
import type { Variable } from './kernels';
import type { OpAttribute } from './native-binding';
import type { NativeRuntime, NativeTensor } from './native-runtime';

let variableCount = 0;

/** A resource variable: the optimizer changes it in place, reading it is an alias without a copy. */
export class NativeVariable implements Variable {
  private readonly handle: Tensor;
  /** The value as one handle for all times: its id is given up for every change and made again when it is needed. */
  private readonly current: NativeTensor;

  constructor(
    private readonly runtime: NativeRuntime,
    initial: Tensor,
  ) {
    const { binding } = runtime;
    variableCount += 1;
    const attributes: OpAttribute[] = [
      { name: 'container', type: binding.TF_ATTR_STRING, value: '' },
      { name: 'shared_name', type: binding.TF_ATTR_STRING, value: `variable-${variableCount}` },
      runtime.type('dtype', binding.TF_FLOAT),
      { name: 'shape', type: binding.TF_ATTR_SHAPE, value: initial.shape },
    ];
    this.handle = runtime.executeKept('VarHandleOp', attributes, []);
    this.current = { id: -1, shape: initial.shape, dtype: 'float32', refresh: () => this.refresh() };
    this.assign(initial);
  }

  /** An alias that the caller frees. */
  alias(): Tensor {
    return this.runtime.executeKept('ReadVariableOp', [this.runtime.type('dtype', this.runtime.binding.TF_FLOAT)], [this.handle]);
  }

  private refresh(): void {
    this.current.id = this.runtime.idOf(this.alias());
  }

  read(): Tensor {
    return this.current;
  }

  /** The handle, with the alias given up: a change while an alias is alive would copy the whole array. */
  changing(): Tensor {
    this.runtime.free(this.current);
    return this.handle;
  }

  assign(values: Tensor): void {
    this.runtime.run('AssignVariableOp', [this.runtime.type('dtype', this.runtime.binding.TF_FLOAT)], [this.changing(), values]);
  }

  dispose(): void {
    this.runtime.run('DestroyResourceOp', [this.runtime.bool('ignore_lookup_error', true)], [this.changing()]);
    this.runtime.free(this.handle);
  }
}
