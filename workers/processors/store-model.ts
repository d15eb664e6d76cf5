import { createHash } from 'node:crypto';
import type { TensorData } from '#lib/formats/safetensors';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { serializeModel, type WritableFile } from '#lib/ml/models/serialize-model';
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
  const files: Record<string, StoredFile> = {};
  for (const file of serializeModel(model)) files[file.name] = await deps.blobs.putStream(streamOf(file));
  let parameterCount = 0;
  for (const tensor of model.weights.values()) parameterCount += tensor.shape.reduce((product, length) => product * length, 1);
  return {
    kind: model.kind,
    family: model.config.family,
    parameterCount,
    contextLength: model.config.contextLength,
    vocabularySize: model.config.vocabSize,
    files,
    weightsHash: hashOfWeights(files),
    card,
  };
}

async function* streamOf(file: WritableFile): AsyncGenerator<Uint8Array> {
  yield* file.parts();
}

/** The hash of the weights file; of several, the hash of their hashes in the order of their names. */
function hashOfWeights(files: Readonly<Record<string, StoredFile>>): string {
  const hashes = Object.keys(files)
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
    .map((name) => files[name]?.sha256 ?? '');
  return hashes.length === 1 && hashes[0] !== undefined ? hashes[0] : createHash('sha256').update(hashes.join('\n')).digest('hex');
}
