import { AppError } from '#lib/errors';
import type { Parameter, Tensor } from './engine';
import type { Kernels, Variable } from './kernels';
import type { Scopes } from './scopes';
import { sizeOf } from './shapes';

/** A parameter on a variable of the tensor library. */
export class VariableParameter implements Parameter {
  constructor(
    readonly name: string,
    readonly shape: readonly number[],
    readonly variable: Variable,
    private readonly kernels: Kernels,
    private readonly scopes: Scopes,
  ) {}

  read(): Tensor {
    return this.variable.read();
  }

  assign(values: Float32Array): void {
    if (values.length !== sizeOf(this.shape)) {
      throw new AppError('INTERNAL', `Parameter ${this.name} has ${sizeOf(this.shape)} values, but ${values.length} were given.`);
    }
    const tensor = this.kernels.upload(values, this.shape);
    this.variable.assign(tensor);
    this.scopes.release(tensor);
  }

  values(): Float32Array {
    return Float32Array.from(this.kernels.read(this.variable.read()));
  }

  dispose(): void {
    this.variable.dispose();
  }
}
