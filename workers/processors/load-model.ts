import { z } from 'zod';
import { AppError } from '#lib/errors';
import { type ModelFiles, readModel } from '#lib/ml/models/hugging-face';
import type { Deps } from '#lib/services/deps';
import { blobFolder } from './blob-folder';

const filesSchema = z.record(z.string(), z.string());
const cardSchema = z.looseObject({
  normalisation: z.object({ mean: z.number(), std: z.number() }).optional(),
  temperature: z.number().positive().nullish(),
});

export interface LoadedModel {
  readonly id: string;
  readonly name: string;
  readonly files: ModelFiles;
  /** Of a reward model: what its training left to normalise its scores. */
  readonly normalisation: { readonly mean: number; readonly std: number } | null;
  /** Of a reward model: what its raw scores are divided by so that sigmoid(difference) is the probability that people prefer; 1 where nothing was held out. */
  readonly temperature: number;
}

/** A model version out of the blob store, checked. */
export async function loadModel(deps: Pick<Deps, 'db' | 'blobs'>, modelId: string): Promise<LoadedModel> {
  const model = await deps.db.modelVersion.findUnique({
    where: { id: modelId },
    select: { id: true, name: true, files: true, card: true },
  });
  if (!model) throw new AppError('NOT_FOUND', 'A model that this run uses is gone.', { details: { modelId } });
  const files = await readModel(blobFolder(deps.blobs, filesSchema.parse(model.files)), model.name);
  const card = cardSchema.catch({}).parse(model.card);
  return { id: model.id, name: model.name, files, normalisation: card.normalisation ?? null, temperature: card.temperature ?? 1 };
}
