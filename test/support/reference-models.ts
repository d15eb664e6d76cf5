import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { folderRanges } from '#lib/blobs/file-ranges';
import { readSafetensors } from '#lib/formats/safetensors';
import { type ModelWeights, readModelWeights } from '#lib/ml/models/hugging-face';

export const fixtures = path.resolve(import.meta.dirname, '../fixtures/models');

/** Checkpoints that transformers made; see test/fixtures/models/README.md. */
export function referenceNames(): string[] {
  return readdirSync(fixtures, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export interface Reference {
  readonly model: ModelWeights;
  /** Token rows without their padding. */
  readonly rows: readonly (readonly number[])[];
  /** Rows padded on the right: `[rows * time]`. */
  readonly tokens: Int32Array;
  readonly time: number;
  readonly has: (name: string) => boolean;
  readonly numbers: (name: string) => readonly number[];
}

export async function readReference(name: string): Promise<Reference> {
  const folder = path.join(fixtures, name);
  const tensors = readSafetensors(readFileSync(path.join(folder, 'reference.safetensors')), name);
  const numbers = (tensor: string) => Array.from(tensors.get(tensor)!.data);
  const [count = 0, time = 0] = tensors.get('ids')!.shape;
  const tokens = Int32Array.from(numbers('ids'));
  const lengths = numbers('lengths');
  return {
    model: await readModelWeights(await folderRanges(folder), folder),
    rows: Array.from({ length: count }, (_, row) => Array.from(tokens.subarray(row * time, row * time + lengths[row]!))),
    tokens,
    time,
    has: (tensor) => tensors.has(tensor),
    numbers,
  };
}
