import type * as TensorFlowCore from '@tensorflow/tfjs-core';
import { AppError } from '#lib/errors';
import type { Tensor } from './engine';
import type { Variable } from './kernels';
import { sizeOf } from './shapes';

type Core = typeof TensorFlowCore;
type CoreTensor = TensorFlowCore.Tensor;

/** A variable of the wasm engine: every change is another tensor. */
export class WasmVariable implements Variable {
  current: CoreTensor;

  constructor(
    private readonly core: Core,
    initial: CoreTensor,
  ) {
    this.current = core.clone(initial);
  }

  read(): Tensor {
    return this.current as Tensor;
  }

  replace(next: CoreTensor): void {
    this.current.dispose();
    this.current = next;
  }

  assign(values: Tensor): void {
    if (sizeOf(values.shape) !== this.current.size) throw new AppError('INTERNAL', 'A variable keeps its shape.');
    this.replace(this.core.clone(values as CoreTensor));
  }

  dispose(): void {
    this.current.dispose();
  }
}
