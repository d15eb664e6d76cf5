import type { TensorData } from '#lib/formats/safetensors';
import { type ModelFiles, serializeModel } from '#lib/ml/models/hugging-face';
import type { Deps } from '#lib/services/deps';
import type { ProducedModel, StoredFile } from '#lib/services/runs/finish-run';

/** Puts a trained model into the blob store as a Hugging Face folder. */
export async function storeModel(
  deps: Pick<Deps, 'blobs'>,
  base: ModelFiles,
  kind: ModelFiles['kind'],
  weights: Readonly<Record<string, TensorData>>,
  card: Readonly<Record<string, unknown>>,
): Promise<ProducedModel> {
  return storeFiles(deps, { ...base, kind, weights: new Map(Object.entries(weights)) }, card);
}

export async function storeFiles(
  deps: Pick<Deps, 'blobs'>,
  model: ModelFiles,
  card: Readonly<Record<string, unknown>>,
): Promise<ProducedModel> {
  const encoder = new TextEncoder();
  const files: Record<string, StoredFile> = {};
  for (const [name, content] of Object.entries(serializeModel(model))) {
    files[name] = await deps.blobs.putBytes(typeof content === 'string' ? encoder.encode(content) : content);
  }
  const weights = files['model.safetensors'];
  let parameterCount = 0;
  for (const tensor of model.weights.values()) parameterCount += tensor.shape.reduce((product, length) => product * length, 1);
  return {
    kind: model.kind,
    family: 'llama',
    parameterCount,
    contextLength: model.config.contextLength,
    vocabularySize: model.config.vocabSize,
    files,
    weightsHash: weights?.sha256 ?? '',
    card,
  };
}
