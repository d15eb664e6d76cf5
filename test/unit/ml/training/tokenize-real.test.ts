import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTrainingData } from '#lib/formats/training-data/read-training-data';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { sftExamples, trainingPrompts } from '#lib/ml/training/tokenize-examples';
import { preferencePairs } from '#lib/ml/training/tokenize-preferences';
import { TextEncoder, tokenizeConfig } from '#lib/ml/training/tokenize-text';
import { storiesFolder, storiesModel } from '../../../support/stories260k';

const folder = process.env.PLUMBLINE_TEST_DATA ?? '';

/** The first rows of a real file. */
function read(file: string, rows: number) {
  const lines = gunzipSync(readFileSync(join(folder, file)))
    .toString('utf8')
    .split('\n')
    .slice(0, rows);
  return readTrainingData([{ name: file, bytes: Buffer.from(lines.join('\n')) }]);
}

describe.skipIf(!storiesFolder)('real rows with a real tokenizer (needs PLUMBLINE_TEST_DATA)', () => {
  const encoder = (change: object = {}) => {
    const files = storiesModel();
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const { contextLength, eosTokenId, stopTokenIds } = files.config;
    const config = tokenizeConfig.parse(change);
    return { tokenizer, eosTokenId, by: new TextEncoder({ tokenizer, stopTokenIds, contextLength, config }) };
  };

  test('hh-rlhf: prompt and answer spell the dialogue of the file, with one begin and one end token', () => {
    const data = read('hh-rlhf/helpful-base.train.jsonl.gz', 80);
    const { by, eosTokenId, tokenizer } = encoder({ overlong: 'leave-out' });
    const { items, notes } = preferencePairs(data, by);
    const left = notes.find(({ kind }) => kind === 'left-out-overlong')?.count ?? 0;
    expect(items.length).toBeGreaterThan(20);
    expect(items.length + left).toBe(data.rows.length);
    if (data.form !== 'pairs') throw new Error(data.form);
    const rows = new Map(data.rows.map((row) => [row.id, row]));
    for (const { chosen, pairId, prompt, rejected } of items) {
      const row = rows.get(pairId)!;
      expect(tokenizer.decode([...prompt, ...chosen])).toBe(`${row.prompt}${row.chosen}`);
      expect(tokenizer.decode([...prompt, ...rejected])).toBe(`${row.prompt}${row.rejected}`);
      expect([prompt[0], chosen.at(-1), rejected.at(-1)]).toEqual([tokenizer.bosId, eosTokenId, eosTokenId]);
      expect([...prompt.slice(1), ...chosen.slice(0, -1)].some((id) => id === tokenizer.bosId || id === eosTokenId)).toBe(false);
    }
  });

  test('gsm8k: only the answer is learnt, and it is what a rule compares with', () => {
    const data = read('gsm8k/test.jsonl.gz', 40);
    const { by, tokenizer } = encoder({ overlong: 'leave-out' });
    const { expected, items } = sftExamples(data, by);
    if (data.form !== 'completions') throw new Error(data.form);
    const rows = new Map(data.rows.map((row) => [row.id, row]));
    for (const { exampleId, text } of items) {
      const { tokens, weights = [] } = text.prefix;
      const start = weights.indexOf(1);
      expect(weights.slice(start).every((weight) => weight === 1)).toBe(true);
      expect(tokenizer.decode(tokens.slice(0, start))).toBe(rows.get(exampleId)?.prompt);
      expect(tokenizer.decode(tokens)).toBe(`${rows.get(exampleId)?.prompt}${rows.get(exampleId)?.completion}`);
      expect(expected.get(exampleId)).toBe(rows.get(exampleId)?.completion);
    }
    const prompts = trainingPrompts(data, by, { maxNewTokens: 64 });
    expect(prompts.items.every(({ tokens }) => tokens.length <= 512 - 64)).toBe(true);
    expect(prompts.expected.size).toBe(prompts.items.length);
  });
});
