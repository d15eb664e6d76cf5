import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import {
  byteLevelTokenizerJson,
  gpt2TokenizerJson,
  readVectors,
  tokenizersFolder,
  wordPieceTokenizerJson,
} from '../../../support/vocabularies';

/** By the name of the vectors: the tokenizer.json of their vocabulary. */
const models: Readonly<Record<string, () => string>> = {
  'gpt-2': gpt2TokenizerJson,
  mpt: () => byteLevelTokenizerJson('mpt'),
  starcoder: () => byteLevelTokenizerJson('starcoder'),
  refact: () => byteLevelTokenizerJson('refact'),
  falcon: () => byteLevelTokenizerJson('falcon'),
  'deepseek-coder': () => byteLevelTokenizerJson('deepseek-coder'),
  'deepseek-llm': () => byteLevelTokenizerJson('deepseek-llm'),
  'bert-bge': () => wordPieceTokenizerJson('bert-bge'),
};

describe.skipIf(!tokenizersFolder)('real vocabularies (needs PLUMBLINE_TEST_DATA)', () => {
  test.each(Object.keys(models))('%s', (name) => {
    const tokenizer = loadTokenizer(models[name]!(), name);
    const cases = readVectors().get(name)!;
    expect(cases.length).toBe(46);
    for (const { text, ids } of cases) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
  });
});
