import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { policyDivergence } from '#lib/ml/evaluation/divergence';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import type { RewardScorer, SftExample } from '#lib/ml/training/examples';
import { adapterOffReference, referenceModel } from '#lib/ml/training/reference';
import { bandit, banditModel, banditProbabilities, banditPrompt, banditReward } from './bandit';
import { base, drive, models, prompts, sevens, withoutTimes } from './ppo-world';
import { tinyFiles } from './tiny-model';

let engine: Engine;
/** Where it makes no difference: it records no graphs, which costs more than such small models. */
let plain: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
  plain = await createEngine({ backend: 'wasm' });
}, 60_000);

const metricsOf = (rows: readonly StepMetrics[]) => rows.filter(({ step }) => step > 0).map(({ metrics }) => metrics);

describe('trainPpo', () => {
  it('raises a rule reward, reports every metric and leaves nothing behind', async () => {
    const before = engine.tensorCount();
    const used = models(engine);
    const { result, rows } = await drive(engine, used, base, { startsAtReference: true });
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
    used.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('gives the same bits unbroken and resumed, with every running number it has', async () => {
    const pretraining: SftExample[] = [4, 5, 6].map((token) => ({
      exampleId: `e${token}`,
      split: 'TRAIN',
      task: 'text',
      text: { prefix: { tokens: [1, token, 7, 2] } },
    }));
    const config = ppoConfig.parse({
      ...base,
      steps: 5,
      checkpointEvery: 1,
      evaluateEvery: 2,
      adaptiveKl: { target: 0.5, horizon: 200 },
      emaDecay: 0.9,
      ptx: { coefficient: 0.1, batchSize: 2 },
    });
    const usedWhole = models(engine);
    const whole = await drive(engine, usedWhole, config, { pretraining });
    const usedFirst = models(engine);
    const first = await drive(engine, usedFirst, config, { stopAfter: 2, pretraining });
    const checkpoint = first.rows.at(-1)!.checkpoint!;
    // Other weights and a JSON round trip: everything must come from the checkpoint. The reference is the caller's.
    const fresh = models(engine, tinyFiles(77));
    const { reference } = usedFirst;
    const state = { ...checkpoint, json: JSON.parse(JSON.stringify(checkpoint.json)) };
    const rest = await drive(engine, { ...fresh, reference }, config, { state, pretraining });
    expect(withoutTimes(rest.rows)).toEqual(withoutTimes(whole.rows.slice(3)));
    expect(rest.result).toEqual(whole.result);
    expect(rest.result!.klCoefficient).not.toBe(config.klCoefficient);
    expect(rest.result!.averaged).not.toBeNull();
    // The last checkpoint holds both models: equal to the last bit.
    expect(rest.rows.at(-1)!.checkpoint!.tensors).toEqual(whole.rows.at(-1)!.checkpoint!.tensors);
    for (const each of [usedWhole, usedFirst, fresh]) each.dispose();
  });

  it('reaches the optimum of the one-token bandit, reference * exp(R / beta) / Z', async () => {
    const policy = banditModel(engine);
    const held = banditModel(engine);
    const reference = referenceModel(held);
    const value = createScalarModel(engine, tinyFiles(5, policy.config as never), { headSeed: 3 });
    const config = ppoConfig.parse({
      seed: 1,
      steps: 60,
      rolloutBatchSize: 256,
      minibatchSize: 256,
      innerEpochs: 3,
      maxNewTokens: 1,
      klCoefficient: bandit.beta,
      policyLearningRate: 0.01,
      valueLearningRate: 0.02,
      targetInnerKl: null,
      samplePrompts: 0,
      checkpointEvery: 1000,
      generationBatchSize: 256,
      scoreBatchSize: 256,
    });
    const { result } = await drive(engine, { policy, reference, value }, config, {
      prompts: [banditPrompt],
      reward: banditReward,
      startsAtReference: true,
    });
    const reached = banditProbabilities(engine, policy);
    reached.forEach((p, token) => {
      expect(Math.abs(p - bandit.optimum[token]!)).toBeLessThan(0.01);
    });
    expect(Math.abs(result!.kl - bandit.kl)).toBeLessThan(0.06);
    for (const each of [reference, policy, held, value]) each.dispose();
  });

  it('trains an adapter alone, held to the model without it', async () => {
    const used = models(plain);
    const before = used.policy.parameters.get('model.layers.0.mlp.up_proj.weight')!.values().slice();
    addAdapter(used.policy, loraConfig.parse({ rank: 4, alpha: 8 }), 1);
    addAdapter(used.value, loraConfig.parse({ rank: 4, alpha: 8 }), 2);
    const reference = adapterOffReference(used.policy);
    const config = { ...base, steps: 10, policyLearningRate: 0.03, valueLearningRate: 0.03, emaDecay: 0.5 };
    const { result, rows } = await drive(plain, { ...used, reference }, config, { startsAtReference: true });
    const metrics = metricsOf(rows);
    expect(Math.abs(metrics[0]!['policy/kl']!)).toBeLessThan(1e-4);
    expect(metrics.at(-1)!['reward/score']).toBeGreaterThan(metrics[0]!['reward/score']! + 0.2);
    expect(used.policy.parameters.get('model.layers.0.mlp.up_proj.weight')!.values()).toEqual(before);
    const names = Object.keys(rows.at(-1)!.checkpoint!.tensors);
    expect(names.filter((name) => name.startsWith('policy.weights.')).every((name) => name.includes('.lora_'))).toBe(true);
    // the scalar head is trained whole
    expect(names).toContain('value.weights.score.weight');
    // averages are merged like the policy's own weights, and are not the base model's
    expect(result!.averaged!['model.layers.0.mlp.up_proj.weight']!.data).not.toEqual(before);
    reference.dispose();
    used.dispose();
  });

  it('gives the same update for a minibatch in one piece and in eight', async () => {
    const config = { ...base, steps: 1, rolloutBatchSize: 8, minibatchSize: 8, innerEpochs: 3, samplePrompts: 0, checkpointEvery: 1 };
    const runs = await Promise.all(
      [null, 1].map(async (microbatchSize) => {
        const used = models(plain);
        const run = await drive(plain, used, { ...config, microbatchSize });
        used.dispose();
        return run.rows[0]!;
      }),
    );
    const [whole, cut] = runs as [StepMetrics, StepMetrics];
    for (const name of ['policy/loss', 'policy/gradientNorm', 'value/loss', 'value/gradientNorm', 'policy/approxKl']) {
      expect(cut.metrics[name]).toBeCloseTo(whole.metrics[name]!, 5);
    }
    for (const [name, { data }] of Object.entries(whole.checkpoint!.tensors)) {
      const other = cut.checkpoint!.tensors[name]!.data;
      data.forEach((value: number | bigint, index: number) => {
        expect(Math.abs(Number(value) - Number(other[index]))).toBeLessThan(1e-4);
      });
    }
  });

  it('handles answers without an end, and short ones, as chosen', async () => {
    const config = { ...base, steps: 1, maxNewTokens: 3, samplePrompts: 0 };
    const used = models(plain);
    const first = async (more: object, reward: RewardScorer = sevens) => {
      const fresh = models(plain);
      const { rows } = await drive(plain, fresh, ppoConfig.parse({ ...config, ...more }), { reward });
      fresh.dispose();
      return rows[0]!.metrics;
    };
    const none = await first({});
    const replace = await first({ missingEos: { kind: 'replace', score: -5 } });
    const subtract = await first({ missingEos: { kind: 'subtract', penalty: 2 } });
    const open = 1 - none['answer/eosRate']!;
    expect(open).toBeGreaterThan(0.2);
    expect(replace['reward/score']).toBe(none['reward/score']);
    expect(subtract['reward/mean']).toBeCloseTo(none['reward/mean']! - 2 * open, 4);
    expect(replace['reward/mean']).toBeLessThan(none['reward/mean']! - 3 * open);
    // all answers are shorter than 50: every score is replaced, whatever it was; the KL of the first step is 0
    // a rule may count in any unit; a bound is a choice, and the mean is told without it
    const loud: RewardScorer = (answers) => ({ total: answers.map((_, index) => (index % 2 === 0 ? 60 : -20)) });
    expect((await first({}, loud))['reward/mean']).toBeCloseTo(20, 3);
    const bounded = await first({ scoreClip: 30 }, loud);
    expect(bounded['reward/mean']).toBeCloseTo(5, 3);
    expect(bounded).toMatchObject({ 'reward/score': 20, 'reward/clippedShare': 0.5 });
    const short = await first({ minimumLength: { tokens: 50, score: -3 } });
    expect(short['reward/mean']).toBeCloseTo(-3, 4);
    used.dispose();
  });

  it('stops the inner epochs when the policy has moved too far, and holds the policy still in the warm-up', async () => {
    const config = { ...base, steps: 2, innerEpochs: 6, policyLearningRate: 0.02, samplePrompts: 0 };
    const [freeModels, boundedModels, warmModels] = [models(engine), models(engine), models(engine)];
    const free = await drive(engine, freeModels, config);
    const bounded = await drive(engine, boundedModels, { ...config, targetInnerKl: 0.01 });
    expect(free.rows[0]!.metrics['policy/skippedUpdates']).toBe(0);
    expect(bounded.rows[0]!.metrics['policy/skippedUpdates']).toBeGreaterThan(0);
    expect(bounded.rows[1]!.metrics['policy/kl']).toBeLessThan(free.rows[1]!.metrics['policy/kl']!);
    const warm = await drive(engine, warmModels, { ...config, valueWarmup: 2 });
    const still = policyDivergence({
      engine,
      policy: warmModels.policy,
      reference: warmModels.held,
      rows: prompts.map(({ tokens }) => ({ prompt: tokens, response: [7, 5] })),
      temperature: 1,
    });
    expect(still.perAnswer.every((value) => Math.abs(value) < 1e-6)).toBe(true);
    expect(warm.rows[1]!.metrics['value/loss']).toBeGreaterThan(0);
    expect(warm.rows[0]!.metrics['policy/skippedUpdates']).toBe(12);
    for (const each of [freeModels, boundedModels, warmModels]) each.dispose();
  });

  it('keeps the policy near the reference with the penalty in the loss too, and spreads it with an entropy bonus', async () => {
    const last = async (more: object) => {
      const used = models(engine);
      const { rows } = await drive(engine, used, ppoConfig.parse({ ...base, samplePrompts: 0, ...more }));
      used.dispose();
      return rows.at(-1)!.metrics;
    };
    const free = await last({ klCoefficient: 0 });
    const inLoss = await last({ klCoefficient: 2, klPlacement: 'loss' });
    expect(inLoss['policy/kl']).toBeLessThan(free['policy/kl']! / 3);
    // the penalty is not in the reward then
    expect(inLoss['reward/mean']).toBeCloseTo(inLoss['reward/score']!, 6);
    const spread = await last({ klCoefficient: 0, entropyCoefficient: 1 });
    expect(spread['policy/entropy']).toBeGreaterThan(free['policy/entropy']! + 0.2);
    // the exact entropy and its estimate from samples are about the same number
    expect(Math.abs(spread['policy/distributionEntropy']! - spread['policy/entropy']!)).toBeLessThan(0.3);
  });

  it('refuses what no run can be made of, a foreign checkpoint, and stops when cancelled', async () => {
    const before = engine.tensorCount();
    const used = models(engine);
    await expect(drive(engine, used, base, { prompts: [] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const long = [{ promptId: 'endless', tokens: Array<number>(32).fill(4) }];
    await expect(drive(engine, used, base, { prompts: long })).rejects.toMatchObject({ code: 'BAD_INPUT', message: /endless/ });
    // the caller's models leave no room to sample in
    await expect(drive(engine, used, base, { otherModelsBytes: engine.memoryLimitBytes })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { limitBytes: 0 },
    });
    const ptx = { coefficient: 1, batchSize: 2 };
    await expect(drive(engine, used, { ...base, ptx })).rejects.toMatchObject({ code: 'BAD_INPUT', message: /pretraining/ });
    const { rows } = await drive(engine, used, { ...base, steps: 2, checkpointEvery: 1, samplePrompts: 0 }, { stopAfter: 1 });
    const state = rows[0]!.checkpoint!;
    await expect(drive(engine, used, { ...base, steps: 2, seed: 9 }, { state })).rejects.toMatchObject({ details: { key: 'seed' } });
    await expect(drive(engine, used, base, { state: { step: 1, tensors: {}, json: {} } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(drive(engine, used, { ...base, steps: 2 }, { state: { ...state, tensors: {} } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    const controller = new AbortController();
    let scored = 0;
    const reward: RewardScorer = (answers) => {
      scored += 1;
      if (scored === 3) controller.abort();
      return sevens(answers);
    };
    await expect(drive(engine, used, base, { reward, signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(scored).toBe(3);
    used.dispose();
    expect(engine.tensorCount()).toBe(before);
  });
});
