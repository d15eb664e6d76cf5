import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { serializeConfig } from '#lib/ml/models/model-config';
import { createLanguageModel, createScalarModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { goldenCases, readStories, storiesFolder, storiesModel } from '../../../support/stories260k';
import { tinyLlama } from '../../../support/tiny-llama';
import { forwardInFloat64 } from './reference-llama';

Object.assign(process.env, nativeEnvironment(2));

const tokens = Int32Array.of(1, 270, 9, 265, 1, 33, 0, 0);
const config = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 };

function read(engine: Engine, tensor: Parameters<Engine['read']>[0]): number[] {
  const values = Array.from(engine.read(tensor));
  engine.dispose(tensor);
  return values;
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (b[index] ?? Number.NaN))), 0);
}

describe.each(['native', 'wasm'] as const)('llama on the %s engine', (backend) => {
  let engine: Engine;
  let model: LanguageModel;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
    model = createLanguageModel(engine, tinyLlama());
  }, 60_000);

  test.each([true, false])('logits equal a plain float64 computation (tied embeddings: %s)', (tiedEmbeddings) => {
    const files = tinyLlama({ tiedEmbeddings });
    const other = createLanguageModel(engine, files);
    const expected = forwardInFloat64(files, [1, 270, 9, 265]);
    const logits = read(engine, other.logits(tokens, 2, 4, Int32Array.of(0, 1, 2, 3)));
    expect(largestDifference(logits, expected.flat())).toBeLessThan(1e-4);
    other.dispose();
  });

  test('padding to the right and other rows change nothing', () => {
    const [short] = [read(engine, model.logits(Int32Array.of(1, 33), 1, 2, Int32Array.of(1)))];
    const padded = read(engine, model.logits(tokens, 2, 4, Int32Array.of(5)));
    expect(largestDifference(short ?? [], padded)).toBeLessThan(1e-5);
  });

  test('log-probabilities are those of the softmax of the logits by temperature', () => {
    const positions = Int32Array.of(0, 2, 4);
    const logits = read(engine, model.logits(tokens, 2, 4, positions));
    const width = model.config.vocabSize;
    for (const temperature of [1, 0.7]) {
      const logProbs = read(engine, model.logProbs(tokens, 2, 4, positions, temperature));
      positions.forEach((position, index) => {
        const row = logits.slice(index * width, (index + 1) * width).map((value) => value / temperature);
        const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
        const expected = (row[tokens[position + 1] ?? 0] ?? 0) - Math.log(total);
        expect(logProbs[index]).toBeCloseTo(expected, 4);
      });
    }
  });

  test('every weight gets the gradient that finite differences give', () => {
    const positions = Int32Array.of(0, 1, 2, 4);
    const loss = () => engine.tidy(() => engine.neg(engine.sum(model.logProbs(tokens, 2, 4, positions, 1))));
    const { gradients } = engine.gradients(model.parameters, () => ({ loss: loss() }));
    for (const [name, parameter] of model.parameters) {
      const values = parameter.values();
      const gradient = Array.from(engine.read(gradients.get(name)!));
      const largest = gradient.reduce((best, value, index) => (Math.abs(value) > Math.abs(gradient[best] ?? 0) ? index : best), 0);
      const at = (delta: number) => {
        const moved = Float32Array.from(values);
        moved[largest] = (moved[largest] ?? 0) + delta;
        parameter.assign(moved);
        const tensor = loss();
        const value = engine.scalar(tensor);
        engine.dispose(tensor);
        return value;
      };
      const numeric = (at(1e-2) - at(-1e-2)) / 2e-2;
      parameter.assign(values);
      expect(gradient[largest]! / numeric, `${name}[${largest}]`).toBeCloseTo(1, 1);
    }
    engine.dispose([...gradients.values()]);
  });

  test('a scalar head is seeded, trains, and survives saving', () => {
    const files = tinyLlama();
    const scalar = createScalarModel(engine, files, { headSeed: 5 });
    const same = createScalarModel(engine, files, { headSeed: 5 });
    const other = createScalarModel(engine, files, { headSeed: 6 });
    const positions = Int32Array.of(3, 5);
    const scores = read(engine, scalar.scores(tokens, 2, 4, positions));
    expect(read(engine, same.scores(tokens, 2, 4, positions))).toEqual(scores);
    expect(read(engine, other.scores(tokens, 2, 4, positions))).not.toEqual(scores);
    const head = Array.from(scalar.parameters.get('score.weight')!.values());
    // N(0, 1 / (d + 1)), d = 16: the mean square of 16 values lies well within a factor of four
    const meanSquare = head.reduce((sum, value) => sum + value * value, 0) / 16;
    expect(meanSquare * 17).toBeGreaterThan(0.25);
    expect(meanSquare * 17).toBeLessThan(4);
    const saved = {
      config: files.config,
      kind: 'REWARD' as const,
      weights: new Map(Object.entries(scalar.exportWeights())),
      tokenizerJson: files.tokenizerJson,
    };
    expect(JSON.parse(serializeConfig(saved.config, saved.kind))).toMatchObject({ architectures: ['LlamaForSequenceClassification'] });
    const loaded = createScalarModel(engine, saved, { headSeed: 99 });
    expect(read(engine, loaded.scores(tokens, 2, 4, positions))).toEqual(scores);
    for (const one of [scalar, same, other, loaded]) one.dispose();
  });

  test('a copy trains by itself; twenty steps leak nothing', () => {
    const copy = model.clone();
    const before = read(engine, model.logProbs(tokens, 2, 4, Int32Array.of(0, 1, 2), 1));
    const state = engine.adamState(copy.parameters);
    const losses: number[] = [];
    const counts: number[] = [];
    for (let step = 0; step < (backend === 'native' ? 20 : 4); step += 1) {
      const { loss, gradients } = engine.gradients(copy.parameters, () => ({
        loss: engine.neg(engine.mean(copy.logProbs(tokens, 2, 4, Int32Array.of(0, 1, 2), 1))),
      }));
      const { clipped } = engine.clipByGlobalNorm(gradients, 1);
      engine.adam(copy.parameters, clipped, state, config);
      losses.push(loss);
      counts.push(engine.tensorCount());
    }
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.9);
    expect(new Set(counts).size).toBe(1);
    expect(read(engine, model.logProbs(tokens, 2, 4, Int32Array.of(0, 1, 2), 1))).toEqual(before);
    state.dispose();
    copy.dispose();
  });

  test('training on from saved weights and moments gives the same bits', () => {
    const positions = Int32Array.of(0, 1, 2, 4);
    const train = (copy: LanguageModel, state: ReturnType<Engine['adamState']>, steps: number) => {
      for (let step = 0; step < steps; step += 1) {
        const { gradients } = engine.gradients(copy.parameters, () => ({
          loss: engine.neg(engine.mean(copy.logProbs(tokens, 2, 4, positions, 1))),
        }));
        engine.adam(copy.parameters, gradients, state, { ...config, weightDecay: 0.1 });
      }
    };
    const values = (parameters: LanguageModel['parameters']) =>
      new Map([...parameters].map(([name, parameter]) => [name, parameter.values()]));
    const whole = model.clone();
    const wholeState = engine.adamState(whole.parameters);
    train(whole, wholeState, 2);
    const saved = { weights: whole.exportWeights(), first: values(wholeState.first), second: values(wholeState.second) };
    train(whole, wholeState, 3);
    const resumed = createLanguageModel(engine, { ...tinyLlama(), weights: new Map(Object.entries(saved.weights)) });
    const state = engine.adamState(resumed.parameters);
    for (const [name, parameter] of state.first) parameter.assign(saved.first.get(name)!);
    for (const [name, parameter] of state.second) parameter.assign(saved.second.get(name)!);
    state.step = 2;
    train(resumed, state, 3);
    expect(values(resumed.parameters)).toEqual(values(whole.parameters));
    expect(values(resumed.parameters)).not.toEqual(values(model.parameters));
    for (const one of [wholeState, state, whole, resumed]) one.dispose();
  });

  test('refuses tokens outside of the vocabulary, rows beyond the context and a policy with a scalar head', () => {
    expect(() => model.logits(Int32Array.of(1, 273), 1, 2, Int32Array.of(0))).toThrow(
      /Token 273 is outside of the model's vocabulary of 273/,
    );
    expect(() => model.logits(Int32Array.of(-1), 1, 1, Int32Array.of(0))).toThrow(/Token -1/);
    expect(() => model.hidden(new Int32Array(97), 1, 97)).toThrow(/97 tokens; the model reads at most 96/);
    expect(() => createLanguageModel(engine, { ...tinyLlama(), kind: 'REWARD' })).toThrow(/language model is needed/);
  });
});

describe.skipIf(!storiesFolder)('stories260k (needs PLUMBLINE_TEST_DATA)', () => {
  test('golden logits and mean negative log-likelihood', async () => {
    const engine = await createEngine({ backend: 'native', threads: 2 });
    const files = storiesModel();
    const model = createLanguageModel(engine, files);
    for (const golden of goldenCases()) {
      const ids = Int32Array.from(golden.prompt_token_ids);
      const logits = read(engine, model.logits(ids, 1, ids.length, Int32Array.of(ids.length - 1)));
      expect(largestDifference(logits, golden.last_logits)).toBeLessThan(1e-4);
    }
    const tokenizer = loadTokenizer(files.tokenizerJson, 'tok512', files.config);
    const { stories } = JSON.parse(readStories('story_nll.json').toString('utf8')) as { stories: { text: string }[] };
    const logProbs = stories.flatMap(({ text }) => {
      const ids = Int32Array.from(tokenizer.encode(text, { bos: true }));
      const positions = Int32Array.from({ length: ids.length - 1 }, (_, index) => index);
      return read(engine, model.logProbs(ids, 1, ids.length, positions, 1));
    });
    expect(Math.abs(-logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length - 1.264142)).toBeLessThan(1e-4);
    model.dispose();
  });
});
