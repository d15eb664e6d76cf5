import { z } from 'zod';
import { AppError } from '#lib/errors';
import { type ModelFiles, parseModelFiles } from '#lib/ml/models/hugging-face';
import type { Deps } from '#lib/services/deps';

const filesSchema = z.object({ 'config.json': z.string(), 'model.safetensors': z.string(), 'tokenizer.json': z.string() });
const cardSchema = z.looseObject({ normalisation: z.object({ mean: z.number(), std: z.number() }).optional() });

export interface LoadedModel {
  readonly id: string;
  readonly name: string;
  readonly files: ModelFiles;
  /** Of a reward model: what its training left to normalise its scores. */
  readonly normalisation: { readonly mean: number; readonly std: number } | null;
}

/** A model version out of the blob store, checked. */
export async function loadModel(deps: Pick<Deps, 'db' | 'blobs'>, modelId: string): Promise<LoadedModel> {
  const model = await deps.db.modelVersion.findUnique({
    where: { id: modelId },
    select: { id: true, name: true, files: true, card: true },
  });
  if (!model) throw new AppError('NOT_FOUND', 'A model that this run uses is gone.', { details: { modelId } });
  const names = filesSchema.parse(model.files);
  const text = new TextDecoder();
  const files = parseModelFiles({
    config: await deps.blobs.readBytes(names['config.json']),
    weights: await deps.blobs.readBytes(names['model.safetensors']),
    tokenizer: text.decode(await deps.blobs.readBytes(names['tokenizer.json'])),
    source: model.name,
  });
  return { id: model.id, name: model.name, files, normalisation: cardSchema.catch({}).parse(model.card).normalisation ?? null };
}
