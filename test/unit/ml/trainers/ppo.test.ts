import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { policyDivergence } from '#lib/ml/evaluation/divergence';
import { responseLogProbs } from '#lib/ml/forward';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { type PpoResult, trainPpo } from '#lib/ml/trainers/ppo';
import { type PpoConfig, ppoConfig } from '#lib/ml/trainers/ppo-config';
import type { RewardScorer } from '#lib/ml/trainers/ppo-rollouts';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import { numberTokenizer, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

const prompts = Array.from({ length: 10 }, (_, index) => ({ promptId: `p${index}`, tokens: [1, 3 + (index % 9), 3 + ((index * 5) % 9)] }));
const sevens: RewardScorer = (episodes) =>
  episodes.map(({ response }) => (2 * response.filter((token) => token === 7).length) / response.length - 0.5);
const base: PpoConfig = ppoConfig.parse({
  seed: 2,
  steps: 12,
  batchSize: 32,
  minibatchSize: 16,
  innerEpochs: 2,
  maxNewTokens: 6,
  policyLearningRate: 0.01,
  valueLearningRate: 0.01,
  klCoefficient: 0.05,
  samplePrompts: 2,
  evaluateEvery: 6,
  checkpointEvery: 3,
  targetInnerKl: null,
});

function models(files: ModelFiles = tinyFiles(1)) {
  const policy = createLanguageModel(engine, files);
  const reference = createLanguageModel(engine, files);
  const value = createScalarModel(engine, files, { headSeed: 3 });
  return { policy, reference, value, dispose: () => [policy, reference, value].map((model) => model.dispose()) };
}

async function run(
  config: PpoConfig,
  options: {
    reward?: RewardScorer;
    state?: CheckpointData;
    stopAfter?: number;
    models?: ReturnType<typeof models>;
    signal?: AbortSignal;
    prompts?: typeof prompts;
  } = {},
) {
  const used = options.models ?? models();
  const rows: StepMetrics[] = [];
  const training = trainPpo({
    engine,
    ...used,
    reward: options.reward ?? sevens,
    prompts: options.prompts ?? prompts,
    tokenizer: numberTokenizer,
    config,
    signal: options.signal ?? new AbortController().signal,
    ...(options.state ? { state: options.state } : {}),
  });
  let result: PpoResult | undefined;
  for (;;) {
    const next = await training.next();
    if (next.done) {
      result = next.value;
      break;
    }
    rows.push(next.value);
    if (next.value.step === options.stopAfter) {
      await training.return(undefined as never);
      break;
    }
  }
  return { ...used, rows, result };
}

const withoutTimes = (rows: readonly StepMetrics[]) =>
  rows.map((row) => ({ ...row, metrics: Object.fromEntries(Object.entries(row.metrics).filter(([name]) => !name.startsWith('time/'))) }));

describe('trainPpo', () => {
  it('raises a rule reward, reports every metric and leaves nothing behind', async () => {
    const before = engine.tensorCount();
    const { rows, result, dispose } = await run(base);
    expect(rows.map((row) => row.step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const first = rows[1]!.metrics;
    const last = rows.at(-1)!.metrics;
    expect(last['reward/score']).toBeGreaterThan(first['reward/score']! + 0.5);
    // Step 1: policy and reference are the same weights.
    expect(Math.abs(first['policy/kl']!)).toBeLessThan(1e-4);
    expect(last['policy/kl']).toBeGreaterThan(0.2);
    expect(result!.kl).toBe(last['policy/kl']);
    for (const row of rows.slice(1)) expect(row.metrics['policy/firstLogRatio']).toBeLessThan(1e-4);
    for (const row of rows.slice(1)) {
      // Sum of the shaped rewards = score - beta KL.
      expect(row.metrics['reward/mean']).toBeCloseTo(row.metrics['reward/score']! - 0.05 * row.metrics['policy/kl']!, 5);
    }
    expect(rows.filter((row) => row.samples).map((row) => row.step)).toEqual([0, 6, 12]);
    expect(rows.filter((row) => row.checkpoint).map((row) => row.step)).toEqual([3, 6, 9, 12]);
    expect(rows[0]!.samples!.map((sample) => sample.promptId)).toEqual(['p0', 'p1']);
    dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('gives the same bits unbroken and resumed', async () => {
    const config = { ...base, steps: 5, checkpointEvery: 1, evaluateEvery: 2, adaptiveKl: { target: 0.5, horizon: 200 } };
    const whole = await run(config);
    const first = await run(config, { stopAfter: 2 });
    const checkpoint = first.rows.at(-1)!.checkpoint!;
    // Other weights and a JSON round trip: everything must come from the checkpoint. The reference is the caller's.
    const { policy, value } = models(tinyFiles(77));
    const fresh = { ...models(), policy, value };
    const rest = await run(config, { models: fresh, state: { ...checkpoint, json: JSON.parse(JSON.stringify(checkpoint.json)) } });
    expect(withoutTimes(rest.rows)).toEqual(withoutTimes(whole.rows.slice(3)));
    expect(rest.result).toEqual(whole.result);
    expect(rest.result!.klCoefficient).not.toBe(config.klCoefficient);
    // The last checkpoint holds both models: equal to the last bit.
    expect(rest.rows.at(-1)!.checkpoint!.tensors).toEqual(whole.rows.at(-1)!.checkpoint!.tensors);
    for (const each of [whole, first, rest]) each.dispose();
  });

  it('reaches the optimum of a one-token bandit, reference * exp(R / beta) / Z', async () => {
    const rewards = [0, 0, 0.4, 1, 0, -1, 0.5, 0, 1.5, 0, 0.2, -0.5];
    const beta = 1;
    const config = ppoConfig.parse({
      ...base,
      steps: 40,
      batchSize: 256,
      minibatchSize: 256,
      innerEpochs: 3,
      maxNewTokens: 1,
      klCoefficient: beta,
      policyLearningRate: 0.01,
      valueLearningRate: 0.02,
      samplePrompts: 0,
      checkpointEvery: 1000,
    });
    const { policy, reference, dispose } = await run(config, {
      prompts: [{ promptId: 'only', tokens: [1] }],
      reward: (episodes) => episodes.map(({ response }) => rewards[response[0]!]!),
    });
    const each = (model: typeof policy) =>
      responseLogProbs(
        engine,
        model,
        rewards.map((_, token) => ({ prompt: [1], response: [token] })),
        { temperature: 1, batchSize: 64 },
      ).map((row) => row[0]!);
    const start = each(reference);
    const unnormalised = start.map((logProb, token) => logProb + rewards[token]! / beta);
    const logZ = Math.log(unnormalised.reduce((sum, value) => sum + Math.exp(value), 0));
    const optimum = unnormalised.map((value) => value - logZ);
    const reached = each(policy);
    const objective = (logProbs: number[]) =>
      logProbs.reduce((sum, logProb, token) => sum + Math.exp(logProb) * (rewards[token]! - beta * (logProb - start[token]!)), 0);
    // The optimum of E[R] - beta KL is beta log Z; what is missing is beta KL(reached || optimum).
    expect(objective(optimum)).toBeCloseTo(beta * logZ, 6);
    expect(objective(start)).toBeLessThan(beta * logZ - 0.1);
    expect(objective(reached)).toBeGreaterThan(beta * logZ - 0.01);
    dispose();
  }, 180_000);

  it('handles answers without an end as chosen', async () => {
    const config = { ...base, steps: 1, maxNewTokens: 3, samplePrompts: 0 };
    const plain = await run(config);
    const replaced = await run({ ...config, missingEos: { kind: 'replace', score: -5 } });
    const lowered = await run({ ...config, missingEos: { kind: 'subtract', penalty: 2 } });
    const [none, replace, subtract] = [plain, replaced, lowered].map(({ rows }) => rows[0]!.metrics) as [
      Record<string, number>,
      Record<string, number>,
      Record<string, number>,
    ];
    const open = 1 - none['answer/eosRate']!;
    expect(open).toBeGreaterThan(0.2);
    expect(replace['reward/score']).toBe(none['reward/score']);
    expect(subtract['reward/mean']).toBeCloseTo(none['reward/mean']! - 2 * open, 4);
    expect(replace['reward/mean']).toBeLessThan(none['reward/mean']! - 3 * open);
    for (const each of [plain, replaced, lowered]) each.dispose();
  });

  it('stops the inner epochs when the policy has moved too far, and holds the policy still in the warm-up', async () => {
    const config = { ...base, steps: 2, innerEpochs: 6, policyLearningRate: 0.02, samplePrompts: 0 };
    const free = await run(config);
    const bounded = await run({ ...config, targetInnerKl: 0.01 });
    expect(free.rows[0]!.metrics['policy/skippedUpdates']).toBe(0);
    expect(bounded.rows[0]!.metrics['policy/skippedUpdates']).toBeGreaterThan(0);
    expect(bounded.rows[1]!.metrics['policy/kl']).toBeLessThan(free.rows[1]!.metrics['policy/kl']!);
    const warm = await run({ ...config, valueWarmup: 2 });
    const still = policyDivergence({
      engine,
      policy: warm.policy,
      reference: warm.reference,
      rows: prompts.map(({ tokens }) => ({ prompt: tokens, response: [7, 5] })),
      temperature: 1,
    });
    expect(still.perAnswer.every((value) => Math.abs(value) < 1e-6)).toBe(true);
    expect(warm.rows[1]!.metrics['value/loss']).toBeGreaterThan(0);
    for (const each of [free, bounded, warm]) each.dispose();
  });

  it('stops with the name of the check that failed', async () => {
    const before = engine.tensorCount();
    const used = models();
    await expect(run(base, { models: used, reward: (episodes) => episodes.map(() => Number.NaN) })).rejects.toMatchObject({
      code: 'INVARIANT',
      message: 'scores contain NaN.',
    });
    await expect(run(base, { models: used, reward: () => [1] })).rejects.toMatchObject({ details: { check: 'one-score-an-answer' } });
    // A policy whose training pass disagrees with its scoring pass: the third call on is another temperature.
    let calls = 0;
    const faulty = {
      ...used,
      policy: Object.assign(Object.create(used.policy), {
        logProbs: (...input: Parameters<typeof used.policy.logProbs>) => {
          calls += 1;
          const [tokens, batch, time, positions, temperature] = input;
          return used.policy.logProbs(tokens, batch, time, positions, calls > 1 ? temperature * 2 : temperature);
        },
      }) as typeof used.policy,
    };
    await expect(run({ ...base, samplePrompts: 0 }, { models: faulty })).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'first-ratio-is-one', step: 1 },
    });
    used.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('refuses an empty run and a foreign checkpoint, and stops when cancelled', async () => {
    const before = engine.tensorCount();
    const used = models();
    await expect(run(base, { models: used, prompts: [] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const json = {
      kind: 'ppo',
      seed: 99,
      step: 1,
      totalSteps: 12,
      prompts: 10,
      klCoefficient: 0.1,
      policyUpdates: 1,
      valueUpdates: 1,
      kl: 0,
    };
    await expect(run(base, { models: used, state: { step: 1, tensors: {}, json } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const controller = new AbortController();
    let scored = 0;
    const reward: RewardScorer = (episodes) => {
      scored += 1;
      if (scored === 3) controller.abort();
      return sevens(episodes);
    };
    await expect(run(base, { models: used, reward, signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(scored).toBe(3);
    used.dispose();
    expect(engine.tensorCount()).toBe(before);
  });
});
