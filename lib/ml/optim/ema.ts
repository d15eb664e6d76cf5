import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { Parameters } from '#lib/ml/engine/engine';

/**
 * Exponential moving average of parameters: a <- a + (1 - decay) (w - a), from the weights that are there at first (Polyak and Juditsky 1992; 0.992 in
 * InstructGPT 2203.02155, appendix C). Kept outside of the engine, so that it takes no memory of the device.
 */
export class Ema {
  private readonly averages: ReadonlyMap<string, Float32Array>;

  /** Goes on from `from`, tensors of a checkpoint under `prefix`. Throws BAD_INPUT naming one that is missing or of another size. */
  constructor(
    private readonly parameters: Parameters,
    private readonly decay: number,
    private readonly prefix: string,
    from?: Readonly<Record<string, TensorData>>,
  ) {
    this.averages = new Map(
      [...parameters].map(([name, parameter]) => [name, from ? this.stored(name, from) : parameter.values().slice()]),
    );
  }

  private stored(name: string, from: Readonly<Record<string, TensorData>>): Float32Array {
    const tensor = from[`${this.prefix}.${name}`];
    const size = this.parameters.get(name)?.shape.reduce((product, length) => product * length, 1);
    if (tensor !== undefined && tensor.data instanceof Float32Array && tensor.data.length === size) return tensor.data.slice();
    throw new AppError('BAD_INPUT', `The checkpoint has no average of "${name}", or one of another size.`, {
      details: { tensor: `${this.prefix}.${name}` },
    });
  }

  update(): void {
    const share = 1 - this.decay;
    for (const [name, parameter] of this.parameters) {
      const weights = parameter.values();
      const average = this.averages.get(name) as Float32Array;
      for (let index = 0; index < average.length; index += 1) {
        const before = average[index] as number;
        average[index] = before + share * ((weights[index] as number) - before);
      }
    }
  }

  exportInto(into: Record<string, TensorData>): void {
    for (const [name, { shape }] of this.parameters) {
      into[`${this.prefix}.${name}`] = { dtype: 'F32', shape, data: (this.averages.get(name) as Float32Array).slice() };
    }
  }

  /** `work` with the averages in the parameters' place; afterwards the parameters are as before, to the bit. */
  withAverages<T>(work: () => T): T {
    const kept = [...this.parameters].map(([name, parameter]) => ({ name, parameter, weights: parameter.values().slice() }));
    try {
      for (const { name, parameter } of kept) parameter.assign(this.averages.get(name) as Float32Array);
      return work();
    } finally {
      for (const { parameter, weights } of kept) parameter.assign(weights);
    }
  }
}
