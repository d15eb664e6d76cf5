import { AppError } from '#lib/errors';
import type { TensorData } from '#lib/formats/safetensors';
import type { AdamState, Engine, Parameters } from '#lib/ml/engine/engine';

/** Copies the current values into `into`, each under `prefix` + name. */
export function exportParameters(parameters: Parameters, prefix: string, into: Record<string, TensorData>): void {
  for (const [name, parameter] of parameters) into[prefix + name] = { dtype: 'F32', shape: parameter.shape, data: parameter.values() };
}

/** Assigns from a checkpoint. Throws BAD_INPUT naming the tensor that is missing or has another shape; then nothing was assigned. */
export function importParameters(parameters: Parameters, prefix: string, from: Readonly<Record<string, TensorData>>): void {
  const values = [...parameters].map(([name, parameter]) => {
    const tensor = from[prefix + name];
    if (tensor === undefined || tensor.dtype === 'I32' || tensor.dtype === 'I64') {
      throw new AppError('BAD_INPUT', `The checkpoint has no tensor "${prefix + name}".`, { details: { tensor: prefix + name } });
    }
    if (tensor.shape.join() !== parameter.shape.join()) {
      throw new AppError(
        'BAD_INPUT',
        `Tensor "${prefix + name}" of the checkpoint has shape [${tensor.shape}], the model wants [${parameter.shape}].`,
        {
          details: { tensor: prefix + name },
        },
      );
    }
    return { parameter, data: tensor.data as Float32Array };
  });
  for (const { parameter, data } of values) parameter.assign(data);
}

/** Weights and both Adam moments of one trained model. */
export function exportTraining(parameters: Parameters, state: AdamState, prefix: string, into: Record<string, TensorData>): void {
  exportParameters(parameters, `${prefix}.weights.`, into);
  exportParameters(state.first, `${prefix}.first.`, into);
  exportParameters(state.second, `${prefix}.second.`, into);
}

/** A fresh optimizer state, or with `from` the stored one (weights are assigned too). */
export function startTraining(
  engine: Engine,
  parameters: Parameters,
  prefix: string,
  from?: { readonly tensors: Readonly<Record<string, TensorData>>; readonly updates: number },
): AdamState {
  const state = engine.adamState(parameters);
  if (from === undefined) return state;
  try {
    importParameters(parameters, `${prefix}.weights.`, from.tensors);
    importParameters(state.first, `${prefix}.first.`, from.tensors);
    importParameters(state.second, `${prefix}.second.`, from.tensors);
  } catch (error) {
    state.dispose();
    throw error;
  }
  state.step = from.updates;
  return state;
}
