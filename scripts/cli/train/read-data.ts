import type { SplitFractions } from '#lib/domain/splits';
import { readTrainingData, type TrainingSource } from '#lib/formats/training-data/read-training-data';
import type { DataNote, TrainingData } from '#lib/formats/training-data/training-data';
import { readUnpacked } from '../read-input';
import type { InputPaths, Note } from './algorithm';

/** A file as it lies there, unpacked where it is packed. */
async function readSource(file: string, split: TrainingSource['split']): Promise<TrainingSource> {
  const bytes = await readUnpacked(file, 'Give a JSON Lines or JSON file.');
  return { name: file, bytes, ...(split ? { split } : {}) };
}

/**
 * --data, and --validation, which then is the whole validation split while --data is for training only.
 * @throws AppError BAD_INPUT naming file, line and field
 */
export async function readData(
  { data, validation }: Pick<InputPaths, 'data' | 'validation'>,
  shares: SplitFractions,
): Promise<TrainingData> {
  const sources =
    validation === undefined
      ? [await readSource(data, undefined)]
      : [await readSource(data, 'TRAIN'), await readSource(validation, 'VALIDATION')];
  return readTrainingData(sources, { shares });
}

/** A file of which every row is for one thing. @throws AppError as `readData` */
export async function readWholeFile(file: string): Promise<TrainingData> {
  return readTrainingData([await readSource(file, undefined)], { shares: { train: 1, validation: 0, test: 0 } });
}

export function notesOf(notes: readonly DataNote[]): Note[] {
  return notes.map(({ count, examples, message }) => ({ text: `${count} ${message}`, examples }));
}

/** How many items each split has. */
export function countSplits(items: readonly { readonly split: string }[], what: string): Record<string, number> {
  const count = (split: string) => items.filter((item) => item.split === split).length;
  return {
    [`${what} for training`]: count('TRAIN'),
    [`${what} for validation`]: count('VALIDATION'),
    [`${what} for testing`]: count('TEST'),
  };
}
