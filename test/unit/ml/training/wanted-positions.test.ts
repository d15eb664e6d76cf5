import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Parameters, Tensor } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { wantedPositions } from '#lib/ml/training/row-attention';
import { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { TargetScores } from '#lib/ml/training/target-scores';
import { layRows } from '#lib/ml/training/token-rows';
import { configs, randomTokens, randomWeights, relativeDifference } from './training-model';

Object.assign(process.env, nativeEnvironment(2));

const options = { padId: 0, contextLength: 48, time: 32 };

/** Rows of one text each, of which the last 3 and 7 tokens are learnt. */
function shortAnswers() {
  const texts = [3, 7].map((learnt, row) => {
    const tokens = randomTokens(row, 30 - row);
    return { prefix: { tokens, weights: tokens.map((_, at) => (at >= tokens.length - learnt ? 1 : 0)) } };
  });
  return layRows(
    texts.map((text) => [text]),
    options,
  );
}

/** sum_i (i + 1) value_i over the first `count`, and its gradients. */
function weighted(engine: Engine, parameters: Parameters, count: number, values: () => Tensor) {
  const result = engine.gradients(parameters, () => {
    const each = values();
    const weights = Float32Array.from({ length: each.shape[0] ?? 0 }, (_, index) => (index < count ? (index + 1) / count : 0));
    return { loss: engine.sum(engine.mul(each, engine.float(weights, [weights.length]))) };
  });
  const gradients = new Map([...result.gradients].map(([name, tensor]) => [name, Float32Array.from(engine.read(tensor))]));
  engine.dispose([...result.gradients.values()]);
  return { loss: result.loss, gradients };
}

describe('which positions of a row are wanted', () => {
  const positions = (wanted: readonly number[]) => wantedPositions({ batch: 2, time: 16 }, Int32Array.from(wanted));

  test('each once, filled up with the first of the row', () => {
    expect(positions([3, 5, 3, 20])).toEqual({
      index: Int32Array.of(3, 5, 16 + 4, 16),
      count: 2,
      places: Int32Array.of(0, 1, 0, 2),
    });
  });

  test('all of a row where most of it is wanted', () => {
    expect(positions(Array.from({ length: 14 }, (_, at) => at))).toBeUndefined();
  });
});

describe.each(['native', 'wasm'] as const)('a pass for few positions on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
  }, 60_000);
  afterAll(() => {
    expect(engine.tensorCount()).toBe(0);
  });

  test.each([
    ['llama', false, false],
    ['gpt2', false, false],
    ['llama', true, false],
    ['llama', false, true],
    ['gpt2', true, true],
  ] as const)('%s (adapter %s, recomputed %s): log-probabilities and gradients of the whole pass', (family, adapted, recompute) => {
    const model = createLanguageModel(engine, randomWeights(configs[family], 5));
    if (adapted) {
      const adapter = addAdapter(model, loraConfig.parse({ rank: 3 }), 1);
      for (const [name, parameter] of adapter.parameters) {
        if (name.endsWith('lora_B.weight')) parameter.assign(parameter.values().map((_, index) => 0.1 * Math.sin(index)));
      }
    }
    model.trunk.recompute = recompute;
    const rows = shortAnswers();
    expect(wantedPositions(rows, rows.predictedFrom)?.count).toBe(7);
    const few = new TargetLogProbs(model.trunk);
    const part = weighted(engine, model.trunk.trainable, 10, () => few.of(rows, 0.8));
    const whole = weighted(engine, model.trunk.trainable, 10, () =>
      model.logProbs(rows.tokens, rows.batch, rows.time, rows.predictedFrom, 0.8),
    );
    expect(Math.abs(part.loss - whole.loss)).toBeLessThan(1e-4);
    expect(relativeDifference(whole.gradients, part.gradients)).toBeLessThan(1e-4);
    few.dispose();
    model.dispose();
  });

  test.each(['llama', 'gpt2'] as const)('%s: scores at the ends', (family) => {
    const model = createScalarModel(engine, randomWeights(configs[family], 5, 'REWARD'), { headSeed: 1 });
    const rows = shortAnswers();
    const few = new TargetScores(model);
    const part = weighted(engine, model.trunk.trainable, 2, () => few.of(rows, rows.ends));
    const whole = weighted(engine, model.trunk.trainable, 2, () => model.scores(rows.tokens, rows.batch, rows.time, rows.ends));
    expect(Math.abs(part.loss - whole.loss)).toBeLessThan(1e-4);
    expect(relativeDifference(whole.gradients, part.gradients)).toBeLessThan(1e-4);
    few.dispose();
    model.dispose();
  });
});
