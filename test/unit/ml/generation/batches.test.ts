import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { bestOfN } from '#lib/ml/generation/best-of-n';
import { cacheCapacity } from '#lib/ml/generation/cache-capacity';
import { Decoder, idleToken } from '#lib/ml/generation/decoder';
import { decodingMemory, planDecoding, slotBucket } from '#lib/ml/generation/decoding-memory';
import { type GeneratedAnswer, type GenerateOptions, generate } from '#lib/ml/generation/generate';
import { streamText } from '#lib/ml/generation/stream-text';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tinyLlama } from '../../../support/tiny-llama';
import { tinyModel } from '../../../support/tiny-model';

Object.assign(process.env, nativeEnvironment(2));

const files = tinyLlama();
/** One letter a token. */
const writer = tinyModel();
const tokenizer = loadTokenizer(writer.tokenizerJson, 'letters', writer.config);
const { contextLength, vocabSize } = files.config;

async function collect(options: GenerateOptions): Promise<GeneratedAnswer[]> {
  const answers: GeneratedAnswer[] = [];
  for await (const answer of generate(options)) answers.push(answer);
  return answers;
}

const random = createRandom(2, 'batch-prompts');
const prompts = Array.from({ length: 32 }, (_, index) => [
  1,
  ...Array.from({ length: 1 + ((index * 7) % 40) }, () => 3 + random.integer(vocabSize - 3)),
]);
const nearTie = 1e-4;

describe.each(['native', 'wasm'] as const)('batches on the %s engine', (backend) => {
  let engine: Engine;
  let model: LanguageModel;
  let letters: LanguageModel;
  const rows = backend === 'native' ? 32 : 8;
  const newTokens = backend === 'native' ? 40 : 8;
  const common = (change: Partial<GenerateOptions> = {}): GenerateOptions => {
    const chosen = change.prompts ?? prompts.slice(0, rows);
    return {
      engine,
      model,
      prompts: chosen,
      promptKeys: chosen.map((_, index) => index),
      samplesPerPrompt: 1,
      maxNewTokens: newTokens,
      temperature: 1,
      seed: 3,
      batchSize: 32,
      stopIds: [],
      ...change,
    };
  };
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    model = createLanguageModel(engine, files);
    letters = createLanguageModel(engine, writer);
  }, 60_000);

  test.each([0, 1])(
    'the same row in batches of 1, 8 and 32, at temperature %d',
    async (temperature) => {
      const alone = await collect(common({ temperature, margins: true, batchSize: 1 }));
      const again = await collect(common({ temperature, margins: true, batchSize: 1 }));
      expect(again).toEqual(alone);
      let ties = 0;
      for (const batchSize of [8, 32]) {
        const together = await collect(common({ temperature, margins: true, batchSize }));
        together.forEach((answer, index) => {
          const other = alone[index]!;
          const at = answer.tokenIds.findIndex((token, position) => token !== other.tokenIds[position]);
          if (at < 0) {
            answer.logProbs.forEach((logProb, position) => {
              expect(Math.abs(logProb - other.logProbs[position]!)).toBeLessThan(1e-4);
            });
            return;
          }
          ties += 1;
          // beyond the first difference the two are different texts
          expect(Math.min(answer.margins![at]!, other.margins![at]!)).toBeLessThan(nearTie);
        });
      }
      const close = alone.reduce((sum, { margins }) => sum + margins!.filter((margin) => margin < nearTie).length, 0);
      console.info(
        `${backend}, temperature ${temperature}: ${rows} rows of ${newTokens} tokens, ${close} choices within ${nearTie}, ${ties} rows differ in batches of 8 and 32`,
      );
      expect(ties).toBeLessThanOrEqual(2 * close);
      for (const { margins } of alone) for (const margin of margins!) expect(margin).toBeGreaterThanOrEqual(0);
    },
    120_000,
  );

  test('samples of one prompt that start at different times share its pass', async () => {
    const wanted = { prompts: prompts.slice(0, 3), samplesPerPrompt: 3, temperature: 1 };
    const limits = [0, 1, 2].map((prompt) => [0, 1, 2].map((sample) => 1 + ((prompt + 2 * sample) % 5)));
    const reference = await collect(common({ ...wanted, limits, batchSize: 1 }));
    expect(reference.map(({ tokenIds }) => tokenIds.length)).toEqual(limits.flat());
    for (const batchSize of [2, 4]) {
      const { trunk } = model;
      let passes = 0;
      const counting = Object.create(trunk, {
        forward: {
          value(pass: Parameters<typeof trunk.forward>[0]) {
            passes += pass.batch;
            return trunk.forward(pass);
          },
        },
      }) as typeof trunk;
      const counted = { ...model, config: model.config, trunk: counting } as LanguageModel;
      const answers = await collect(common({ ...wanted, limits, batchSize, model: counted }));
      expect(answers.map(({ tokenIds }) => tokenIds)).toEqual(reference.map(({ tokenIds }) => tokenIds));
      expect(passes).toBe(3);
    }
  });

  test('a long prompt read in parts gives what one pass gives', async () => {
    const long = Array.from({ length: 80 }, (_, index) => (index === 0 ? 1 : 3 + ((index * 37) % (vocabSize - 3))));
    const read = async (passTokens: number) => {
      const decoder = new Decoder(model.trunk, 2, { kind: 'weights', temperature: 1 }, passTokens);
      const seen: number[][] = [];
      let turns = 0;
      const turn = async () => {
        turns += 1;
      };
      await decoder.start([{ tokens: long, slots: [0, 1] }], turn, (prediction) => {
        if (prediction.kind === 'weights') seen.push(Array.from(prediction.weights));
      });
      const after = decoder.step(Int32Array.of(5, 9));
      if (after.kind === 'weights') seen.push(Array.from(after.weights));
      decoder.dispose();
      return { seen, turns };
    };
    const before = engine.tensorCount();
    const whole = await read(1024);
    const parts = await read(32);
    expect([whole.turns, parts.turns]).toEqual([1, 3]);
    parts.seen.flat().forEach((weight, index) => {
      expect(Math.abs(weight - whole.seen.flat()[index]!)).toBeLessThan(1e-5);
    });
    expect(engine.tensorCount()).toBe(before);
    const decoder = new Decoder(model.trunk, 1, { kind: 'best' }, 16);
    const controller = new AbortController();
    const stop = async () => {
      controller.abort();
      controller.signal.throwIfAborted();
    };
    await expect(decoder.start([{ tokens: long, slots: [0] }], stop, () => undefined)).rejects.toThrow();
    decoder.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  test('caches shrink when only short rows are left, and nobody notices', async () => {
    const wide = createLanguageModel(engine, tinyLlama({ contextLength: 400 }));
    const long = Array.from({ length: 150 }, (_, index) => (index === 0 ? 1 : 3 + ((index * 37) % (vocabSize - 3))));
    const before = engine.tensorCount();
    const short = [1, 40, 41];
    const kind = { kind: 'weights', temperature: 1 } as const;
    const both = new Decoder(wide.trunk, 2, kind);
    const alone = new Decoder(wide.trunk, 1, kind);
    const turn = async () => undefined;
    await both.start(
      [
        { tokens: long, slots: [0] },
        { tokens: short, slots: [1] },
      ],
      turn,
      () => undefined,
    );
    await alone.start([{ tokens: short, slots: [0] }], turn, () => undefined);
    const capacities: number[] = [];
    for (const [step, token] of [50, 60, 70, 80].entries()) {
      const wanted = alone.step(Int32Array.of(token));
      const given = both.step(Int32Array.of(step < 2 ? 9 : idleToken, token));
      capacities.push(both.capacity);
      if (wanted.kind !== 'weights' || given.kind !== 'weights') throw new Error('no weights');
      wanted.weights.forEach((weight, id) => {
        expect(Math.abs(weight - given.weights[vocabSize + id]!)).toBeLessThan(1e-5);
      });
    }
    expect(capacities).toEqual([192, 192, 64, 64]);
    both.dispose();
    alone.dispose();
    expect(engine.tensorCount()).toBe(before);
    wide.dispose();
  });

  test('a batch that does not fit is split, a row that does not is refused with both numbers', async () => {
    const positions = Math.max(...prompts.slice(0, rows).map(({ length }) => Math.min(contextLength, length + newTokens)));
    const slots: number[] = [];
    const free = await collect(common());
    const limit = decodingMemory(files.config, { slots: 4, capacity: cacheCapacity(positions, contextLength), promptTokens: 1024 });
    expect(planDecoding(files.config, { rows: 32, batchSize: 32, positions, limitBytes: limit })).toEqual({ slots: 4, passTokens: 1024 });
    const split = await collect(common({ memoryLimitBytes: limit, onProgress: (progress) => slots.push(progress.slots) }));
    expect(slots[0]).toBe(4);
    expect(split.map(({ tokenIds }) => tokenIds)).toEqual(free.map(({ tokenIds }) => tokenIds));
    await expect(collect(common({ memoryLimitBytes: 50_000 }))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/One row of \d+ tokens need [\d.]+ MB of memory; 0.1 MB may be used/),
      details: { limitBytes: 50_000, neededBytes: expect.any(Number) },
    });
    const grows = [1, 2, 8].map((count) => decodingMemory(files.config, { slots: count, capacity: 64, promptTokens: 64 }));
    expect(grows.toSorted((a, b) => a - b)).toEqual(grows);
    expect([1, 2, 3, 5, 9, 20, 40, 64, 65].map(slotBucket)).toEqual([1, 2, 4, 8, 12, 24, 48, 64, 96]);
  });

  test('filters: greedy with a penalty as worked out by hand; top-k 1 is greedy; both log-probabilities', async () => {
    const before = engine.tensorCount();
    const [prompt] = prompts.slice(4);
    const [answer] = await collect(common({ prompts: [prompt!], temperature: 0, filters: { repetitionPenalty: 1.5 }, maxNewTokens: 6 }));
    const ids = [...prompt!];
    for (const [position, token] of answer!.tokenIds.entries()) {
      const logits = model.logits(Int32Array.from(ids), 1, ids.length, Int32Array.of(ids.length - 1));
      const row = Array.from(engine.read(logits));
      engine.dispose(logits);
      const penalised = row.map((logit, id) => (ids.includes(id) ? (logit > 0 ? logit / 1.5 : logit * 1.5) : logit));
      expect(penalised.indexOf(Math.max(...penalised))).toBe(token);
      const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(answer!.logProbs[position]).toBeCloseTo(row[token]! - total, 4);
      ids.push(token);
    }
    const greedy = await collect(common({ temperature: 0 }));
    const single = await collect(common({ filters: { topK: 1 } }));
    expect(single.map(({ tokenIds }) => tokenIds)).toEqual(greedy.map(({ tokenIds }) => tokenIds));
    single.forEach((each, index) => {
      each.filteredLogProbs!.forEach((logProb) => {
        expect(logProb).toBe(0);
      });
      each.logProbs.forEach((logProb, position) => {
        expect(logProb).toBeCloseTo(greedy[index]!.logProbs[position]!, 4);
      });
    });
    expect(greedy[0]!.filteredLogProbs).toBeUndefined();
    expect(engine.tensorCount()).toBe(before);
  });

  test('stop strings end answers; the text stops before them; one limit a prompt', async () => {
    const some = ['the cat', 'a', 'who is it', 'on the hill'].map((text) => tokenizer.encode(text, { bos: true }));
    const most = some.map((_, index) => 3 + index * 4);
    const options = (change: Partial<GenerateOptions>) => common({ prompts: some, maxNewTokens: most, model: letters, ...change });
    const plain = await collect(options({ text: { tokenizer } }));
    expect(plain.map(({ tokenIds }) => tokenIds.length)).toEqual(most);
    plain.forEach((answer, index) => {
      const whole = tokenizer.decode([...some[index]!, ...answer.tokenIds]);
      expect(whole.endsWith(answer.text!)).toBe(true);
    });
    const longest = plain[3]!.text!;
    const stop = longest.slice(-4, -2);
    expect(stop.length).toBe(2);
    const stopped = await collect(options({ text: { tokenizer, stop: [stop] } }));
    expect(stopped[3]!.finishReason).toBe('stop');
    expect(stopped[3]!.text).toBe(longest.slice(0, longest.indexOf(stop)));
    expect(stopped[3]!.tokenIds).toEqual(plain[3]!.tokenIds.slice(0, stopped[3]!.tokenIds.length));
    const after = await collect(options({ text: { tokenizer, stop: [stop], includeStop: true } }));
    expect(after[3]!.text).toBe(longest.slice(0, longest.indexOf(stop) + 2));
    await expect(collect(options({ text: { tokenizer, stop: [''] } }))).rejects.toThrow(/stop string is empty/);
    await expect(collect(options({ filters: { topP: 2 } }))).rejects.toThrow(/topP is 2/);
  });

  test('a stream gives the text of the answer, piece by piece, and can be left', async () => {
    const before = engine.tensorCount();
    const prompt = tokenizer.encode('the cat', { bos: true });
    const { batchSize: _batch, promptKeys: _keys, prompts: _prompts, samplesPerPrompt: _samples, ...rest } = common({ model: letters });
    const streamed = { ...rest, prompt, promptKey: 5, text: { tokenizer } };
    const [whole] = await collect(common({ model: letters, prompts: [prompt], promptKeys: [5], text: { tokenizer } }));
    const stream = streamText(streamed);
    const pieces: string[] = [];
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) pieces.push(next.value);
    expect(pieces.join('')).toBe(whole!.text);
    expect(pieces.length).toBeGreaterThan(2);
    expect(next.value).toMatchObject({ tokenIds: whole!.tokenIds, finishReason: 'length' });
    for await (const piece of streamText(streamed)) {
      expect(piece).toBe(pieces[0]);
      break;
    }
    expect(engine.tensorCount()).toBe(before);
  });

  test('best of n: ordered by the scorer, the earlier of equal ones first', async () => {
    const some = prompts.slice(0, 3);
    const all = await collect(common({ prompts: some, samplesPerPrompt: 4 }));
    const score = (answer: GeneratedAnswer) => answer.tokenIds[0]! % 3;
    const ranked: number[][] = [];
    for await (const { promptIndex, ranked: answers } of bestOfN({
      ...common({ prompts: some, samplesPerPrompt: 4 }),
      score: (answers, prompt) => {
        expect(prompt).toBe(some[ranked.length]);
        return answers.map(score);
      },
    })) {
      expect(promptIndex).toBe(ranked.length);
      ranked.push(answers.map(({ answer }) => answer.sampleIndex));
      answers.forEach((each) => {
        expect(each.score).toBe(score(each.answer));
      });
    }
    expect(ranked).toEqual(
      some.map((_, promptIndex) =>
        all
          .filter((answer) => answer.promptIndex === promptIndex)
          .toSorted((a, b) => score(b) - score(a))
          .map(({ sampleIndex }) => sampleIndex),
      ),
    );
    const broken = bestOfN({ ...common({ prompts: some, samplesPerPrompt: 2 }), score: () => [1, Number.NaN] });
    await expect(broken.next()).rejects.toMatchObject({ code: 'INVARIANT', message: expect.stringContaining('NaN for sample 2') });
    await broken.return();
  });
});
