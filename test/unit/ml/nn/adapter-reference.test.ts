import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { folderRanges } from '#lib/blobs/file-ranges';
import { readSafetensors } from '#lib/formats/safetensors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { readAdapter } from '#lib/ml/models/adapter-folder';
import { loadAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { readReference } from '../../../support/reference-models';

Object.assign(process.env, nativeEnvironment(2));

const adapters = path.resolve(import.meta.dirname, '../../../fixtures/adapters');

async function reference(name: string) {
  const folder = path.join(adapters, name);
  const tensors = readSafetensors(readFileSync(path.join(folder, 'reference.safetensors')), name);
  return {
    adapter: await readAdapter(await folderRanges(folder), folder),
    numbers: (tensor: string) => Float32Array.from(tensors.get(tensor)?.data ?? []),
    gradients: [...tensors.keys()].filter((key) => key.startsWith('grad.')),
  };
}

describe.each(['native', 'wasm'] as const)('adapters that PEFT made, on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
  }, 60_000);

  const valuesOf = (tensor: Tensor) => {
    const values = Float32Array.from(engine.read(tensor) as Float32Array);
    engine.dispose(tensor);
    return values;
  };

  function compareGradients(
    gradients: ReadonlyMap<string, Tensor>,
    expected: { readonly gradients: readonly string[]; readonly numbers: (name: string) => Float32Array },
  ): void {
    expect([...gradients.keys()].map((name) => `grad.base_model.model.${name}`).sort()).toEqual([...expected.gradients].sort());
    for (const [name, gradient] of gradients) {
      const theirs = expected.numbers(`grad.base_model.model.${name}`);
      const largest = Math.max(...theirs.map(Math.abs));
      valuesOf(gradient).forEach((value, index) => {
        expect(Math.abs(value - (theirs[index] ?? Number.NaN)) / largest, `${name}[${index}]`).toBeLessThan(1e-3);
      });
    }
  }

  test.each(['llama', 'qwen3', 'gpt2'])('%s: logits and gradients', async (name) => {
    const { model: files, rows, time, tokens } = await readReference(name);
    const expected = await reference(name);
    const model = createLanguageModel(engine, files);
    loadAdapter(model, expected.adapter, name);
    const everywhere = Int32Array.from(tokens.keys());
    const logits = valuesOf(model.logits(tokens, rows.length, time, everywhere));
    const theirs = expected.numbers('logits');
    const { vocabSize } = model.config;
    const real = rows.flatMap((row, index) => row.map((_, at) => index * time + at));
    for (const at of real) {
      for (let token = 0; token < vocabSize; token += 1) {
        const index = at * vocabSize + token;
        expect(Math.abs((logits[index] ?? Number.NaN) - (theirs[index] ?? 0))).toBeLessThan(1e-4);
      }
    }
    const from = Int32Array.from(rows.flatMap((row, index) => row.slice(1).map((_, at) => index * time + at)));
    const { gradients, loss } = engine.gradients(model.trunk.trainable, () => ({
      loss: engine.neg(engine.mean(model.logProbs(tokens, rows.length, time, from, 1))),
    }));
    expect(loss).toBeCloseTo(expected.numbers('loss')[0] ?? Number.NaN, 4);
    compareGradients(gradients, expected);
    model.dispose();
  });

  test('gpt2-classifier: scores and gradients, with the head that came with the adapter', async () => {
    const { model: files, rows, time, tokens } = await readReference('gpt2-classifier');
    const expected = await reference('gpt2-classifier');
    const model = createScalarModel(engine, files, { headSeed: 1 });
    const adapter = loadAdapter(model, expected.adapter, 'gpt2-classifier');
    expect(adapter.parameters.has('score.weight')).toBe(true);
    const last = Int32Array.from(rows, (row, index) => index * time + row.length - 1);
    const { aux, gradients } = engine.gradients(model.trunk.trainable, () => {
      const scores = model.scores(tokens, rows.length, time, last);
      return { loss: engine.mean(engine.square(scores)), aux: { scores: engine.stopGradient(scores) } };
    });
    valuesOf(aux.scores as Tensor).forEach((score, index) => {
      expect(Math.abs(score - (expected.numbers('scores')[index] ?? Number.NaN))).toBeLessThan(1e-4);
    });
    compareGradients(gradients, expected);
    model.dispose();
  });
});
