import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { folderRanges } from '#lib/blobs/file-ranges';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { type BeamSearchOptions, type BeamSequence, beamSearch } from '#lib/ml/generation/beam-search';
import { readModelWeights } from '#lib/ml/models/hugging-face';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';

Object.assign(process.env, nativeEnvironment(2));

const cases = z
  .array(
    z.object({
      model: z.enum(['llama', 'gpt2']),
      prompt: z.array(z.number()),
      settings: z.object({
        num_beams: z.number(),
        length_penalty: z.number(),
        early_stopping: z.union([z.boolean(), z.literal('never')]),
        max_new_tokens: z.number(),
      }),
      stops: z.array(z.number()),
      sequences: z.array(z.array(z.number())),
      scores: z.array(z.number()),
    }),
  )
  .parse(JSON.parse(readFileSync('test/fixtures/generation/beams.json', 'utf8')));

async function search(options: BeamSearchOptions): Promise<(readonly BeamSequence[])[]> {
  const found: (readonly BeamSequence[])[] = [];
  for await (const { promptIndex, sequences } of beamSearch(options)) {
    expect(promptIndex).toBe(found.length);
    found.push(sequences);
  }
  return found;
}

function expectEqual(found: readonly BeamSequence[], expected: { sequences: number[][]; scores: number[] }): void {
  expect(found.map(({ tokenIds }) => tokenIds)).toEqual(expected.sequences);
  found.forEach(({ score }, index) => {
    expect(Math.abs(score - expected.scores[index]!)).toBeLessThan(1e-4);
  });
}

describe.each(['native', 'wasm'] as const)('beam search on the %s engine', (backend) => {
  let engine: Engine;
  const models = new Map<string, LanguageModel>();
  const optionsOf = ({ model, prompt, settings, stops }: (typeof cases)[number]): BeamSearchOptions => ({
    engine,
    model: models.get(model)!,
    prompts: [prompt],
    promptKeys: ['p'],
    beams: settings.num_beams,
    returned: settings.num_beams,
    maxNewTokens: settings.max_new_tokens,
    lengthPenalty: settings.length_penalty,
    earlyStopping: settings.early_stopping,
    stopIds: stops,
  });
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    for (const name of ['llama', 'gpt2']) {
      const folder = `test/fixtures/models/${name}`;
      models.set(name, createLanguageModel(engine, await readModelWeights(await folderRanges(folder), folder)));
    }
  }, 60_000);

  test.each(
    cases
      .slice(0, backend === 'native' ? cases.length : 6)
      .map((each, index) => [index, each.model, JSON.stringify(each.settings), each] as const),
  )(
    'case %i of transformers: %s %s',
    async (_index, _model, _settings, each) => {
      const before = engine.tensorCount();
      const [found] = await search(optionsOf(each));
      expectEqual(found!, each);
      expect(engine.tensorCount()).toBe(before);
    },
    30_000,
  );

  test('several prompts side by side find what each finds alone', async () => {
    const [first] = cases;
    const alike = cases.filter(({ model, settings }) => model === first!.model && settings.num_beams === first!.settings.num_beams);
    expect(alike.length).toBeGreaterThan(2);
    const stops = first!.stops;
    const alone = await Promise.all(alike.map(async (each) => (await search({ ...optionsOf(each), stopIds: stops }))[0]!));
    for (const batchSize of [6, 12]) {
      const together = await search({
        ...optionsOf(first!),
        prompts: alike.map(({ prompt }) => prompt),
        promptKeys: alike.map((_, index) => index),
        batchSize,
      });
      expect(together.map((sequences) => sequences.map(({ tokenIds }) => tokenIds))).toEqual(
        alone.map((sequences) => sequences.map(({ tokenIds }) => tokenIds)),
      );
    }
  });

  test('one beam is the greedy answer; refuses what cannot be searched; a cancel is heard', async () => {
    const [first] = cases;
    const options = { ...optionsOf(first!), beams: 1, returned: 1, stopIds: [] };
    const [[greedy]] = (await search(options)) as [[BeamSequence]];
    const model = options.model;
    const ids = [...first!.prompt];
    for (const token of greedy.tokenIds) {
      const logits = model.logits(Int32Array.from(ids), 1, ids.length, Int32Array.of(ids.length - 1));
      const row = Array.from(engine.read(logits));
      engine.dispose(logits);
      expect(row.indexOf(Math.max(...row))).toBe(token);
      ids.push(token);
    }
    expect(greedy.finishReason).toBe('length');
    await expect(search({ ...options, beams: 0 })).rejects.toThrow(/beams is 0/);
    await expect(search({ ...options, returned: 2 })).rejects.toThrow(/2 sequences are wanted of 1 beams/);
    await expect(search({ ...options, lengthPenalty: Number.NaN })).rejects.toThrow(/lengthPenalty is NaN/);
    await expect(search({ ...options, prompts: [[]] })).rejects.toThrow(/Prompt p has no tokens/);
    await expect(search({ ...options, memoryLimitBytes: 1000 })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { limitBytes: 1000 },
    });
    await expect(search({ ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
