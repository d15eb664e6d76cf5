import type { Engine } from '#lib/ml/engine/engine';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { adapterOffReference, type Reference, referenceModel } from '#lib/ml/training/reference';
import { type OpenedFolder, openFolder, requireSameTokenizer } from './open-model';

export interface OpenedReference {
  readonly reference: Reference;
  /** Models of its own: none where it is the policy with its adapter off. */
  readonly frozen: readonly LanguageModel[];
  /** Whether the policy starts as the reference. */
  readonly same: boolean;
}

/**
 * What the policy is held to: the model of --reference, else the model that the policy starts as. With an adapter the latter takes no second copy.
 * @throws AppError BAD_INPUT where the tokenizers differ
 */
export async function openReference(
  engine: Engine,
  opened: OpenedFolder,
  policy: LanguageModel,
  folder: string | undefined,
): Promise<OpenedReference> {
  if (folder === undefined && policy.trunk.adapter !== undefined) return { reference: adapterOffReference(policy), frozen: [], same: true };
  const other = folder === undefined ? opened : await openFolder(folder);
  requireSameTokenizer(opened, other, 'reference');
  const model = createLanguageModel(engine, other.files);
  return { reference: referenceModel(model), frozen: [model], same: folder === undefined || sameWeights(opened, other) };
}

function sameWeights({ files: { weights } }: OpenedFolder, other: OpenedFolder): boolean {
  return [...weights].every(([name, { data }]) => {
    const theirs = other.files.weights.get(name)?.data;
    return theirs?.length === data.length && data.every((value, index) => value === theirs[index]);
  });
}
