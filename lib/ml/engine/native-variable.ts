import type { Tensor } from './engine';
import type { Variable } from './kernels';
import type { OpAttribute } from './native-binding';
import type { NativeRuntime } from './native-runtime';

let variableCount = 0;

/** A resource variable: the optimizer changes it in place, reading it is an alias without a copy. */
export class NativeVariable implements Variable {
  private readonly handle: Tensor;
  private current: Tensor | undefined;

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
    this.assign(initial);
  }

  /** An alias that the caller frees. */
  alias(): Tensor {
    return this.runtime.executeKept('ReadVariableOp', [this.runtime.type('dtype', this.runtime.binding.TF_FLOAT)], [this.handle]);
  }

  read(): Tensor {
    this.current ??= this.alias();
    return this.current;
  }

  /** The handle, with the alias given up: a change while an alias is alive would copy the whole array. */
  changing(): Tensor {
    if (this.current) this.runtime.free(this.current);
    this.current = undefined;
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
