import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors';
import { type InputPaths, inputNames } from './algorithm';
import type { RunRecord } from './run-record';

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Files that a model is read from; what a training run left beside them is none of it. */
const modelFile =
  /^(?:config|generation_config|tokenizer|tokenizer_config|reward|ensemble)\.json$|\.(?:safetensors|jinja|model|bin)$|^.*\.safetensors\.index\.json$/;
const notOfModel = new Set(['checkpoints', 'adapter', 'value']);

async function modelFiles(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth > 0 && !notOfModel.has(entry.name) && !entry.name.startsWith('.')) found.push(...(await modelFiles(place, depth - 1)));
    } else if (modelFile.test(entry.name)) found.push(place);
  }
  return found;
}

/** The content of a model's folder as one hash, whatever the folder is called. */
async function hashOfModel(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await modelFiles(folder, 1)) hash.update(`${path.relative(folder, file)} ${await hashOfFile(file)}\n`);
  return hash.digest('hex');
}

/** What the run is made from, by content; `rewards`: folders that the setting "reward" names. @throws AppError BAD_INPUT naming what is not there */
export async function hashInputs(paths: InputPaths, rewards: readonly string[]): Promise<RunRecord['inputs']> {
  const inputs: RunRecord['inputs'] = {};
  const named = inputNames.map((name) => [name, paths[name]] as const);
  for (const [name, given] of [...named, ...rewards.map((folder, index) => [`reward ${index + 1}`, path.resolve(folder)] as const)]) {
    if (given === undefined) continue;
    const found = await stat(given).catch(() => undefined);
    if (!found) throw new AppError('BAD_INPUT', `--${name}: there is no ${given}.`, { details: { option: name, path: given } });
    inputs[name] = { path: given, sha256: found.isDirectory() ? await hashOfModel(given) : await hashOfFile(given) };
  }
  return inputs;
}
