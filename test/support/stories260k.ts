import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { convertLlama2c } from '#lib/ml/models/convert-llama2c';
import type { ModelFiles } from '#lib/ml/models/hugging-face';

const folder = process.env.PLUMBLINE_TEST_DATA ? join(process.env.PLUMBLINE_TEST_DATA, 'stories260k') : undefined;

/** Undefined where PLUMBLINE_TEST_DATA names no folder with the real 260K-parameter model. */
export const storiesFolder = folder && existsSync(join(folder, 'stories260K.bin')) ? folder : undefined;

export const storiesSkipReason = 'needs the stories260k folder of PLUMBLINE_TEST_DATA';

export interface GoldenCase {
  readonly prompt: string;
  readonly prompt_token_ids: readonly number[];
  readonly greedy_token_ids: readonly number[];
  readonly greedy_text: string;
  readonly last_logits: readonly number[];
}

export function readStories(file: string): Buffer {
  if (!storiesFolder) throw new Error(storiesSkipReason);
  return readFileSync(join(storiesFolder, file));
}

export function goldenCases(): readonly GoldenCase[] {
  return (JSON.parse(gunzipSync(readStories('golden.json.gz')).toString('utf8')) as { cases: GoldenCase[] }).cases;
}

export function storiesModel(): ModelFiles {
  return convertLlama2c({
    weights: readStories('stories260K.bin'),
    tokenizer: readStories('tok512.bin'),
    weightsSource: 'stories260K.bin',
    tokenizerSource: 'tok512.bin',
  });
}
