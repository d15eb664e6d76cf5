import { z } from 'zod';
import { AppError } from '#lib/errors';
import { parseSafetensorsHeader, type SafetensorsEntry, safetensorsDataStart, safetensorsPrefixBytes } from '#lib/formats/safetensors';
import { readJson } from './read-config';

/** The files of a model, wherever they lie. Ranges, so that a file of many gigabytes is never in memory whole. */
export interface ModelFolder {
  /** Bytes of a file; undefined where there is none. */
  size(name: string): Promise<number | undefined>;
  /** Bytes `begin` to `end` of a file, in a buffer of their own. */
  read(name: string, begin: number, end: number): Promise<Uint8Array>;
}

/** A tensor of the folder, not read yet. */
export interface StoredTensor {
  readonly file: string;
  readonly entry: SafetensorsEntry;
}

export const weightsFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';

const index = z.object({ weight_map: z.record(z.string(), z.string()) });

function bad(source: string, file: string, message: string, tensor?: string): AppError {
  return new AppError('BAD_INPUT', `${source}/${file}: ${message}.`, {
    details: { file: `${source}/${file}`, ...(tensor === undefined ? {} : { tensor }) },
    remedy: 'Download the model again: all of its files have to come from the same model.',
  });
}

export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

export async function readOptionalText(folder: ModelFolder, name: string): Promise<string | undefined> {
  const size = await folder.size(name);
  return size === undefined ? undefined : new TextDecoder().decode(await folder.read(name, 0, size));
}

/** Throws BAD_INPUT naming the file where it is not there. */
export async function readText(folder: ModelFolder, name: string, source: string): Promise<string> {
  const text = await readOptionalText(folder, name);
  if (text === undefined) throw missing(source, name);
  return text;
}

function missing(source: string, name: string, why = ''): AppError {
  return new AppError('BAD_INPUT', `${source}/${name} is missing or cannot be read${why}.`, {
    details: { file: `${source}/${name}` },
    remedy:
      'The folder needs config.json, model.safetensors (or its shards and their index) and tokenizer.json. Files of llama2.c: convert them with "plumbline models convert".',
  });
}

async function readEntries(folder: ModelFolder, file: string, size: number, source: string): Promise<SafetensorsEntry[]> {
  const name = `${source}/${file}`;
  const prefix = await folder.read(file, 0, Math.min(size, safetensorsPrefixBytes));
  const dataStart = safetensorsDataStart(prefix, size, name);
  return parseSafetensorsHeader(await folder.read(file, safetensorsPrefixBytes, dataStart), size, name);
}

/**
 * Every tensor of the folder by the name it has there; only headers are read. Throws BAD_INPUT naming file and tensor: a missing shard, a
 * tensor that the index names but its shard lacks, one that a shard holds and the index does not name, one that lies in two shards.
 */
export async function findTensors(folder: ModelFolder, source: string): Promise<Map<string, StoredTensor>> {
  const single = await folder.size(weightsFile);
  if (single !== undefined) {
    const entries = await readEntries(folder, weightsFile, single, source);
    return new Map(entries.map((entry) => [entry.name, { file: weightsFile, entry }]));
  }
  const text = await readOptionalText(folder, indexFile);
  if (text === undefined) {
    const other = (await folder.size('pytorch_model.bin')) ?? (await folder.size('pytorch_model.bin.index.json'));
    throw missing(source, weightsFile, other === undefined ? '' : ': the folder holds pytorch_model.bin only, which is not read');
  }
  const parsed = index.safeParse(readJson(text, `${source}/${indexFile}`));
  if (!parsed.success) throw bad(source, indexFile, 'weight_map is missing or does not name a file for each tensor');
  return findSharded(folder, Object.entries(parsed.data.weight_map), source);
}

async function findSharded(
  folder: ModelFolder,
  weightMap: readonly (readonly [string, string])[],
  source: string,
): Promise<Map<string, StoredTensor>> {
  const files = [...new Set(weightMap.map(([, file]) => file))].sort();
  const strange = files.find((file) => !/^[\w.-]+\.safetensors$/.test(file));
  if (strange !== undefined) throw bad(source, indexFile, `${JSON.stringify(strange)} is no name of a shard`);
  const sizes = new Map<string, number>();
  const absent: string[] = [];
  for (const file of files) {
    const size = await folder.size(file);
    if (size === undefined) absent.push(file);
    else sizes.set(file, size);
  }
  if (absent.length > 0) throw bad(source, indexFile, `the folder lacks the shards ${absent.join(', ')}`);
  const wanted = new Map(weightMap);
  const found = new Map<string, StoredTensor>();
  for (const [file, size] of sizes) {
    for (const entry of await readEntries(folder, file, size, source)) {
      const before = found.get(entry.name);
      if (before) throw bad(source, file, `tensor ${entry.name} lies in ${before.file} too`, entry.name);
      if (!wanted.has(entry.name)) throw bad(source, file, `it holds ${entry.name}, which ${indexFile} does not name`, entry.name);
      found.set(entry.name, { file, entry });
    }
  }
  for (const [name, file] of weightMap) {
    if (found.get(name)?.file !== file) throw bad(source, file, `it lacks ${name}, which ${indexFile} places there`, name);
  }
  return found;
}
