import { beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { type GeneratedAnswer, generate } from '#lib/ml/generation/generate';
import { isTransposed, transposed } from '#lib/ml/models/checkpoint-names';
import { createLanguageModel, createScalarModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { type Reference, readReference, referenceNames } from '../../../support/reference-models';

Object.assign(process.env, nativeEnvironment(2));

const names = referenceNames();
const scalars = names.filter((name) => name.endsWith('-classifier'));
const languageModels = names.filter((name) => !scalars.includes(name));

function take(engine: Engine, tensor: Tensor): number[] {
  const values = Array.from(engine.read(tensor));
  engine.dispose(tensor);
  return values;
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (b[index] ?? Number.NaN))), 0);
}

/** Flat positions of all tokens of all rows, or of those that predict another. */
function positions(reference: Reference, predicting: boolean): Int32Array {
  const all = reference.rows.flatMap((row, index) =>
    Array.from({ length: row.length - (predicting ? 1 : 0) }, (_, position) => index * reference.time + position),
  );
  return Int32Array.from(all);
}

const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Every tensor within 1e-3 of its largest gradient. */
function expectGradients(engine: Engine, reference: Reference, gradients: ReadonlyMap<string, Tensor>): void {
  const { config, weights } = reference.model;
  expect([...gradients.keys()].sort()).toEqual([...weights.keys()].sort());
  for (const [name, tensor] of gradients) {
    const stored = reference.numbers(`grad.${name}`);
    const [rows = 0, columns = 0] = tensor.shape;
    const expected = isTransposed(name, config) ? Array.from(transposed(Float32Array.from(stored), columns, rows)) : stored;
    expect(largestDifference(take(engine, tensor), expected) / largest(expected), name).toBeLessThan(1e-3);
  }
}

/** Greedy continuation of one row without any cache. */
function greedyWithoutCache(engine: Engine, model: LanguageModel, row: readonly number[], count: number): number[] {
  const ids = [...row];
  while (ids.length < row.length + count) {
    const logits = take(engine, model.logits(Int32Array.from(ids), 1, ids.length, Int32Array.of(ids.length - 1)));
    ids.push(logits.indexOf(Math.max(...logits)));
  }
  return ids.slice(row.length);
}

test('there is a checkpoint of every architecture', () => {
  expect(names).toEqual(expect.arrayContaining(['llama', 'llama-llama3', 'llama-yarn', 'mistral', 'qwen2', 'qwen3', 'smollm', 'gpt2']));
  expect(names.length).toBe(14);
});

describe.each(['native', 'wasm'] as const)('checkpoints of transformers on the %s engine', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
  }, 60_000);

  test.each(languageModels)('%s: logits, losses and gradients', async (name) => {
    const reference = await readReference(name);
    const model = createLanguageModel(engine, reference.model);
    const { rows, time, tokens } = reference;
    const everywhere = positions(reference, false);
    const { vocabSize } = model.config;
    const expected = [...everywhere].flatMap((position) =>
      reference.numbers('logits').slice(position * vocabSize, (position + 1) * vocabSize),
    );
    expect(largest(expected)).toBeGreaterThan(1);
    expect(largestDifference(take(engine, model.logits(tokens, rows.length, time, everywhere)), expected)).toBeLessThan(1e-4);

    const predicting = positions(reference, true);
    const logProbs = take(engine, model.logProbs(tokens, rows.length, time, predicting, 1));
    const rowLosses = rows.map((row) => {
      const part = logProbs.splice(0, row.length - 1);
      return -part.reduce((sum, value) => sum + value, 0) / part.length;
    });
    expect(largestDifference(rowLosses, reference.numbers('row_loss'))).toBeLessThan(1e-4);

    if (reference.has('grad.model.norm.weight') || reference.has('grad.transformer.ln_f.weight')) {
      const before = engine.tensorCount();
      const { loss, gradients } = engine.gradients(model.parameters, () => ({
        loss: engine.neg(engine.mean(model.logProbs(tokens, rows.length, time, predicting, 1))),
      }));
      expect(loss).toBeCloseTo(reference.numbers('loss')[0]!, 5);
      expectGradients(engine, reference, gradients);
      expect(engine.tensorCount()).toBe(before);
    }
    model.dispose();
  });

  test.each(languageModels)('%s: generation with a cache equals that without, and that of transformers', async (name) => {
    const reference = await readReference(name);
    const model = createLanguageModel(engine, reference.model);
    const count = backend === 'native' ? 24 : 6;
    const expected = reference.rows.map((_, row) => reference.numbers('greedy').slice(row * 24, row * 24 + count));
    const answers: GeneratedAnswer[] = [];
    const generation = generate({
      engine,
      model,
      prompts: reference.rows,
      promptKeys: reference.rows.map((_, row) => row),
      samplesPerPrompt: 1,
      maxNewTokens: count,
      temperature: 0,
      seed: 1,
      batchSize: 3,
      stopIds: [],
    });
    for await (const answer of generation) answers.push(answer);
    answers.sort((a, b) => a.promptIndex - b.promptIndex);
    expect(answers.map((answer) => [...answer.tokenIds])).toEqual(expected);
    expect(greedyWithoutCache(engine, model, reference.rows[1]!, count)).toEqual(expected[1]);
    model.dispose();
  });

  test.each(scalars)('%s: scores and their gradients', async (name) => {
    const reference = await readReference(name);
    expect(reference.model.kind).toBe('REWARD');
    const model = createScalarModel(engine, reference.model, { headSeed: 1 });
    const { rows, time, tokens } = reference;
    const last = Int32Array.from(rows, (row, index) => index * time + row.length - 1);
    expect(largestDifference(take(engine, model.scores(tokens, rows.length, time, last)), reference.numbers('scores'))).toBeLessThan(1e-4);
    if (reference.has('grad.score.weight')) {
      const { gradients } = engine.gradients(model.parameters, () => ({
        loss: engine.mean(engine.square(model.scores(tokens, rows.length, time, last))),
      }));
      expectGradients(engine, reference, gradients);
    }
    model.dispose();
  });
});
