import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelFiles, ModelWeights } from '#lib/ml/models/hugging-face';
import type { ModelFolder } from '#lib/ml/models/model-folder';
import { serializeModel } from '#lib/ml/models/serialize-model';

/** The bytes of every file of the model's folder, by name. */
export function savedFiles(model: ModelWeights & Partial<ModelFiles>, options: { shardBytes?: number } = {}): Record<string, Uint8Array> {
  return Object.fromEntries([...serializeModel(model, options)].map((file) => [file.name, Buffer.concat([...file.parts()])]));
}

export function textOf(files: Readonly<Record<string, Uint8Array>>, name: string): string {
  return new TextDecoder().decode(files[name]);
}

export function writeModel(model: ModelWeights & Partial<ModelFiles>, folder: string, options: { shardBytes?: number } = {}): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(savedFiles(model, options))) writeFileSync(path.join(folder, name), bytes);
}

/** Files in memory as a folder; counts what is read. */
export function memoryFolder(files: Readonly<Record<string, Uint8Array>>): ModelFolder & { readonly largestRead: number } {
  let largestRead = 0;
  return {
    size: async (name) => files[name]?.length,
    async read(name, begin, end) {
      const file = files[name];
      if (!file) throw new Error(`no file ${name}`);
      largestRead = Math.max(largestRead, end - begin);
      return new Uint8Array(file.subarray(begin, end));
    },
    get largestRead() {
      return largestRead;
    },
  };
}
