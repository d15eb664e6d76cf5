import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { perplexity, scoringWindows } from '#lib/ml/evaluation/perplexity';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { readStories, storiesFolder, storiesModel } from '../../../support/stories260k';
import { tinyFiles } from '../trainers/tiny-model';

Object.assign(process.env, nativeEnvironment(2));

describe('windows of a long text', () => {
  const ids = Array.from({ length: 23 }, (_, index) => index);

  test('every token but the first is predicted once, from at least half a context', () => {
    const rows = scoringWindows(ids, 8);
    expect(rows.flatMap((row) => row.response)).toEqual(ids.slice(1));
    for (const [index, row] of rows.entries()) {
      expect(row.prompt.length + row.response.length).toBeLessThanOrEqual(8);
      expect(row.prompt.length).toBeGreaterThanOrEqual(index === 0 ? 1 : 4);
      expect(row.prompt.at(-1)! + 1).toBe(row.response[0]);
    }
  });

  test('a text that fits is one row; one token predicts nothing', () => {
    expect(scoringWindows([5, 6, 7], 3)).toEqual([{ prompt: [5], response: [6, 7] }]);
    expect(scoringWindows([5], 3)).toEqual([]);
  });
});

describe('perplexity', () => {
  let engine: Engine;
  let model: LanguageModel;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'native', threads: 2 });
    model = createLanguageModel(engine, tinyFiles(1));
  }, 60_000);

  function logProb(ids: readonly number[], at: number): number {
    const tensor = model.logits(Int32Array.from(ids), 1, ids.length, Int32Array.of(at - 1));
    const logits = Array.from(engine.read(tensor));
    engine.dispose(tensor);
    return logits[ids[at]!]! - Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
  }

  test('the mean over the tokens of a ragged batch, each from its own text', async () => {
    const texts = [[1, 5, 3], [1, 4, 4, 7, 9, 2], [1]];
    const each = texts.flatMap((ids) => ids.slice(1).map((_, index) => logProb(ids, index + 1)));
    const found = await perplexity({ engine, model, texts });
    expect(found.tokens).toBe(7);
    expect(found.windowed).toBe(0);
    expect(found.nll).toBeCloseTo(-each.reduce((sum, value) => sum + value, 0) / 7, 5);
    expect(found.perplexity).toBeCloseTo(Math.exp(found.nll), 10);
  });

  test('a text beyond the context', async () => {
    const long = Array.from({ length: 50 }, (_, index) => (index * 5 + 1) % 12);
    const found = await perplexity({ engine, model, texts: [long] });
    expect(found).toMatchObject({ tokens: 49, windowed: 1 });
    // the last token is seen from the last window: 32 tokens of context, windows start at 0, 16, 32
    const rows = scoringWindows(long, model.config.contextLength);
    const expected = rows.flatMap(({ prompt, response }) =>
      response.map((_, index) => logProb([...prompt, ...response], prompt.length + index)),
    );
    expect(found.nll).toBeCloseTo(-expected.reduce((sum, value) => sum + value, 0) / 49, 5);
  });

  test('refuses what cannot be predicted', async () => {
    await expect(perplexity({ engine, model, texts: [[1, 2], []] })).rejects.toThrow(/Text 2 has no tokens/);
    await expect(perplexity({ engine, model, texts: [[1], [2]] })).rejects.toThrow(/nothing to predict/);
  });

  test.skipIf(!storiesFolder)('the stories: 1.264142 nats a token (needs PLUMBLINE_TEST_DATA)', async () => {
    const files = storiesModel();
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512.bin', files.config);
    const { stories } = JSON.parse(readStories('story_nll.json').toString('utf8')) as { stories: { text: string }[] };
    const texts = stories.map(({ text }) => tokenizer.encode(text, { surroundings: true }));
    const found = await perplexity({ engine, model: createLanguageModel(engine, files), texts });
    expect(Math.abs(found.nll - 1.264142)).toBeLessThan(1e-4);
    expect(found.tokens).toBe(1802);
  });
});
