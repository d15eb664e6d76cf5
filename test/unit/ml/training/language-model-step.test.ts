import { beforeAll, describe, expect, test } from 'vitest';
import type { TensorData } from '#lib/formats/safetensors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { exportTraining, startTraining } from '#lib/ml/optim/state';
import { createLanguageModelStep, languageModelStepConfig } from '#lib/ml/training/language-model-step';
import { layRows } from '#lib/ml/training/token-rows';
import { configs, lossAndGradients, randomTokens, randomWeights } from './training-model';

Object.assign(process.env, nativeEnvironment(2));

const options = { padId: 0, contextLength: 48 };
/** Begin token, then `length` - 1 others, of which the second half is learnt. */
const answer = (seed: number, length: number) => ({
  prefix: { tokens: randomTokens(seed, length), weights: Array.from({ length }, (_, index) => (index >= length / 2 ? 1 : 0)) },
});
const texts = [17, 5, 33, 2, 9, 24].map((length, seed) => answer(seed, length));

describe.each(['native', 'wasm'] as const)('training step on %s', (backend) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend, threads: 2 });
  }, 60_000);

  const model = (family: 'llama' | 'gpt2' = 'llama') => createLanguageModel(engine, randomWeights(configs[family], 3));
  // with so large an epsilon an update is proportional to its gradient, and small gradients cannot change their sign
  const config = languageModelStepConfig.parse({ learningRate: 0.5, epsilon: 1, totalSteps: 10, maxGradientNorm: 1e9 });
  const stepOf = (trained: LanguageModel, changes: Partial<typeof config> = {}) =>
    createLanguageModelStep({ engine, model: trained, config: { ...config, ...changes } });
  const valuesOf = (trained: LanguageModel) => new Map([...trained.parameters].map(([name, one]) => [name, one.values()] as const));

  test.each(['llama', 'gpt2'] as const)('%s: microbatches of any raggedness equal the one batch, to the updated weights', (family) => {
    const cuts = [[texts], [texts.slice(0, 1), texts.slice(1, 4), texts.slice(4)], texts.map((each) => [each])];
    const results = cuts.map((microbatches) => {
      const trained = model(family);
      const step = stepOf(trained);
      const report = step.step(
        microbatches.map((part) =>
          layRows(
            part.map((each) => [each]),
            options,
          ),
        ),
      );
      const values = valuesOf(trained);
      const { first } = step.adam;
      const moments = new Map([...first].map(([name, moment]) => [name, moment.values()]));
      step.dispose();
      trained.dispose();
      return { report, values, moments };
    });
    const [one, ...others] = results;
    for (const other of others) {
      expect(Math.abs(other.report.loss - (one?.report.loss ?? Number.NaN))).toBeLessThan(1e-5);
      expect(other.report.tokens).toBe(one?.report.tokens);
      expect(Math.abs(other.report.gradientNorm / (one?.report.gradientNorm ?? Number.NaN) - 1)).toBeLessThan(1e-5);
      for (const [name, values] of other.values) {
        values.forEach((value, index) => {
          expect(Math.abs(value - (one?.values.get(name)?.[index] ?? Number.NaN)), name).toBeLessThan(1e-5);
        });
      }
    }
  });

  test('loss, token count, gradient norm and first moment are those of the definition', () => {
    const trained = model();
    const rows = layRows(
      texts.map((each) => [each]),
      options,
    );
    const expected = lossAndGradients(engine, trained, [rows]);
    let squares = 0;
    for (const values of expected.gradients.values()) for (const value of values) squares += value * value;
    const step = stepOf(trained, { maxGradientNorm: Math.sqrt(squares) / 2 });
    const report = step.step([rows]);
    expect(report.loss).toBeCloseTo(expected.loss, 5);
    expect(report.tokens).toBe(texts.reduce((sum, { prefix }) => sum + prefix.weights.slice(1).filter((weight) => weight > 0).length, 0));
    expect(report.gradientNorm / Math.sqrt(squares)).toBeCloseTo(1, 4);
    // m = (1 - beta1) g, with g clipped to half of its norm
    const moment = step.adam.first.get('model.norm.weight')?.values() ?? [];
    expected.gradients.get('model.norm.weight')?.forEach((value, index) => {
      expect(moment[index]).toBeCloseTo(0.1 * 0.5 * value, 5);
    });
    step.dispose();
    trained.dispose();
  });

  test('learns, keeps its tensors, follows the schedule, evaluates without a change', () => {
    const trained = model();
    const step = stepOf(trained, {
      learningRate: 0.02,
      epsilon: 1e-8,
      schedule: { kind: 'linear', warmup: 0.2, floor: 0 },
    });
    const rows = [layRows([[answer(1, 12)], [answer(2, 9)]], options)];
    const reports = Array.from({ length: 10 }, () => ({ ...step.step(rows), count: engine.tensorCount() }));
    expect(reports[9]?.loss).toBeLessThan((reports[0]?.loss ?? 0) / 4);
    expect(reports.map(({ learningRate }) => Math.round(learningRate * 1e5) / 1e5).slice(0, 4)).toEqual([0.00667, 0.01333, 0.02, 0.0175]);
    expect(new Set(reports.map(({ count }) => count)).size).toBe(1);
    const before = valuesOf(trained);
    const evaluated = step.evaluate(rows);
    expect(valuesOf(trained)).toEqual(before);
    expect(step.step(rows).loss).toBeCloseTo(evaluated.loss, 4);
    expect(step.adam.step).toBe(11);
    // after the last update the rate stays where the schedule ends
    expect([step.step(rows), step.step(rows)].map(({ learningRate }) => learningRate)).toEqual([0, 0]);
    step.dispose();
    trained.dispose();
  });

  test('recorded and not recorded agree; so does a recomputed trunk', () => {
    const rows = [layRows([texts.slice(0, 2), texts.slice(3, 5)], options)];
    const reports = [{}, { recorded: false }].flatMap((changes) =>
      [false, true].map((recompute) => {
        const trained = model();
        trained.trunk.recompute = recompute;
        const step = stepOf(trained, changes);
        step.step(rows);
        const { gradientNorm, loss } = step.step(rows);
        step.dispose();
        trained.dispose();
        return [loss, gradientNorm];
      }),
    );
    for (const [loss = Number.NaN, norm = Number.NaN] of reports) {
      expect(Math.abs(loss - (reports[0]?.[0] ?? 0))).toBeLessThan(1e-5);
      expect(Math.abs(norm / (reports[0]?.[1] ?? 0) - 1)).toBeLessThan(1e-4);
    }
  });

  test('the same steps give the same bits; a run that was stopped and resumed gives them too', () => {
    const rows = [layRows([[answer(1, 12)], [answer(2, 9)]], options), layRows([[answer(3, 16)], [answer(4, 5)]], options)];
    const changes = { learningRate: 0.02, epsilon: 1e-8, weightDecay: 0.1, schedule: { kind: 'cosine', warmup: 0.2, floor: 0.1 } } as const;
    const run = (stopAfter: number) => {
      let trained = model();
      let step = stepOf(trained, changes);
      for (let done = 0; done < 4; done += 1) {
        if (done === stopAfter) {
          const tensors: Record<string, TensorData> = {};
          exportTraining(trained.parameters, step.adam, 'model', tensors);
          const updates = step.adam.step;
          step.dispose();
          trained.dispose();
          trained = createLanguageModel(engine, randomWeights(configs.llama, 99));
          const adam = startTraining(engine, trained.parameters, 'model', { tensors, updates });
          step = createLanguageModelStep({ engine, model: trained, config: { ...config, ...changes }, adam });
        }
        step.step(rows);
      }
      const values = valuesOf(trained);
      step.dispose();
      trained.dispose();
      return values;
    };
    const straight = run(-1);
    expect(run(-1)).toEqual(straight);
    expect(run(2)).toEqual(straight);
  });

  test('a learning rate of 0 changes nothing; a batch of one token has a loss', () => {
    const trained = model();
    const before = valuesOf(trained);
    const step = stepOf(trained, { learningRate: 0, weightDecay: 0.1 });
    const one = layRows([[{ prefix: { tokens: [1, 5] } }]], options);
    const report = step.step([one]);
    expect(report).toMatchObject({ tokens: 1, learningRate: 0 });
    expect(report.gradientNorm).toBeGreaterThan(0);
    expect(valuesOf(trained)).toEqual(before);
    const [logProb] = trainedLogProb(trained, [1, 5]);
    expect(report.loss).toBeCloseTo(-(logProb ?? Number.NaN), 5);
    step.dispose();
    trained.dispose();
  });

  function trainedLogProb(trained: LanguageModel, tokens: number[]): Float32Array {
    const tensor = trained.logProbs(Int32Array.from(tokens), 1, tokens.length, Int32Array.of(0), 1);
    const values = Float32Array.from(engine.read(tensor) as Float32Array);
    engine.dispose(tensor);
    return values;
  }

  test('names what stops it, changes nothing and keeps no tensor', () => {
    const trained = model();
    const step = stepOf(trained);
    const good = layRows([[{ prefix: { tokens: [1, 5, 6] } }]], options);
    step.step([good]);
    const before = valuesOf(trained);
    const count = engine.tensorCount();
    const masked = layRows([[{ prefix: { tokens: [1, 5, 6], weights: [1, 0, 0] } }]], options);
    const refused = (details: object, message: RegExp, work: () => unknown) => {
      expect(work).toThrow(message);
      expect(work).toThrow(expect.objectContaining(details));
    };
    refused({ code: 'BAD_INPUT', details: { check: 'tokens-with-loss' } }, /No token of the batch has a loss/, () => step.step([masked]));
    refused({ code: 'BAD_INPUT' }, /No token of the batch has a loss/, () => step.step([]));
    refused({ code: 'BAD_INPUT', details: { check: 'finite-weights' } }, /loss weight/, () =>
      step.step([{ ...good, weights: Float32Array.of(1, Number.NaN) }]),
    );
    refused({ code: 'BAD_INPUT' }, /Token 19 is outside of the model's vocabulary of 19/, () =>
      step.step([layRows([[{ prefix: { tokens: [1, 19] } }]], options)]),
    );
    // a microbatch without a loss beside one that has some is left out
    expect(step.evaluate([masked, good]).tokens).toBe(2);
    const norm = trained.parameters.get('model.norm.weight');
    const values = norm?.values() ?? new Float32Array(0);
    norm?.assign(values.map((value, index) => (index === 3 ? Number.NaN : value)));
    refused({ code: 'INVARIANT', details: { check: 'finite-loss', model: 'model', step: 2 } }, /The model loss is NaN at step 2/, () =>
      step.step([good]),
    );
    norm?.assign(values);
    expect(engine.tensorCount()).toBe(count);
    expect(valuesOf(trained)).toEqual(before);
    expect(step.adam.step).toBe(1);
    step.dispose();
    trained.dispose();
  });
});
