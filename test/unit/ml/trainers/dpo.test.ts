import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { type DpoConfig, dpoConfig, trainDpo } from '#lib/ml/trainers/dpo';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import type { PreferencePair } from '#lib/ml/training/examples';
import { adapterOffReference, type Reference, referenceModel } from '#lib/ml/training/reference';
import { bandit, banditModel, banditProbabilities, banditPrompt } from './bandit';
import { comparable, follow, largestDifference, stored, tinyPairs, trained } from './direct-harness';
import { numberTokenizer, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

const data = tinyPairs(24);
const base: DpoConfig = dpoConfig.parse({
  seed: 2,
  epochs: 3,
  batchSize: 8,
  learningRate: 0.003,
  schedule: { kind: 'constant' },
  samplePrompts: 2,
  maxNewTokens: 4,
});

async function run(
  config: DpoConfig,
  options: {
    policy?: LanguageModel;
    reference?: Reference;
    data?: readonly PreferencePair[];
    state?: CheckpointData;
    stopAfter?: number;
    signal?: AbortSignal;
    startsAtReference?: boolean;
  } = {},
) {
  const policy = options.policy ?? createLanguageModel(engine, tinyFiles(1));
  const model = createLanguageModel(engine, tinyFiles(1));
  const reference = options.reference ?? referenceModel(model);
  const dispose = () => {
    reference.dispose();
    for (const each of [policy, model]) each.dispose();
  };
  try {
    const followed = await follow(
      trainDpo({
        engine,
        policy,
        reference,
        tokenizer: numberTokenizer,
        data: options.data ?? data,
        config,
        startsAtReference: options.startsAtReference ?? true,
        signal: options.signal ?? new AbortController().signal,
        ...(options.state ? { state: options.state } : {}),
      }),
      options.stopAfter,
    );
    return { ...followed, policy, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

describe('trainDpo', () => {
  it('starts at ln 2, learns, reports and leaves nothing behind', async () => {
    const before = engine.tensorCount();
    const { rows, result, dispose } = await run(base);
    const reference = rows.filter(({ phase }) => phase.startsWith('reference'));
    expect(reference.at(-1)?.phase).toBe('reference 16/16');
    const updates = rows.filter(({ phase, step }) => phase === 'dpo' && step > 0);
    expect(updates.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const first = updates[0]!.metrics;
    expect(first['train/loss']).toBeCloseTo(Math.LN2, 6);
    expect(first['train/accuracy']).toBe(0);
    expect(first['train/bothFall']).toBe(0);
    expect(first['rewards/margins']).toBeCloseTo(0, 6);
    const last = updates.at(-1)!.metrics;
    expect(last['train/loss']).toBeLessThan(0.6);
    expect(last['train/accuracy']).toBeGreaterThan(0.9);
    expect(last['rewards/margins']).toBeCloseTo(last['rewards/chosen']! - last['rewards/rejected']!, 10);
    expect(result!.validation!.accuracy).toBeGreaterThan(0.7);
    expect(result!.test).toBeNull();
    expect(rows.filter(({ samples }) => samples).map(({ step }) => step)).toEqual([0, 3, 6, 9]);
    expect(Object.keys(rows.find(({ samples }) => samples)!.samples![0]!.scores)).toEqual(['kl', 'length']);
    dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('gives the same bits unbroken and resumed', async () => {
    const config = { ...base, evaluateEvery: 2, checkpointEvery: 1, keepBest: true };
    const whole = await run(config);
    const first = await run(config, { stopAfter: 3 });
    const rest = await run(config, {
      policy: createLanguageModel(engine, tinyFiles(77)),
      state: stored(first.rows),
      startsAtReference: false,
    });
    expect(comparable(rest.rows)).toEqual(comparable(whole.rows).filter(({ step }) => step > 3));
    expect(rest.result).toEqual(whole.result);
    expect(largestDifference(trained(rest.policy), trained(whole.policy))).toBe(0);
    for (const each of [whole, first, rest]) each.dispose();
  });

  it.each([
    ['pair', 'sigmoid'],
    ['prompt', 'ipo'],
  ] as const)('by %s with %s: a batch of 8 is 8 times 1', async (batchBy, loss) => {
    const config = { ...base, epochs: 1, batchBy, loss, sftCoefficient: 0.5, samplePrompts: 0 };
    const whole = await run(config);
    const parts = await run({ ...config, microbatchSize: 1 });
    const losses = ({ rows }: typeof whole) => comparable(rows).map(({ metrics }) => metrics['train/loss']!);
    for (const [index, value] of losses(whole).entries()) expect(Math.abs(losses(parts)[index]! - value)).toBeLessThan(1e-5);
    expect(largestDifference(trained(whole.policy), trained(parts.policy))).toBeLessThan(1e-4);
    for (const each of [whole, parts]) each.dispose();
  });

  it('trains an adapter with itself off as reference as with a model of its own', async () => {
    const adapted = () => {
      const policy = createLanguageModel(engine, tinyFiles(1));
      addAdapter(policy, loraConfig.parse({ rank: 4 }), 5);
      return policy;
    };
    const policy = adapted();
    const off = await run(base, { policy, reference: adapterOffReference(policy) });
    const separate = await run(base, { policy: adapted() });
    expect(comparable(off.rows)).toEqual(comparable(separate.rows));
    expect(comparable(off.rows).at(-1)!.metrics['train/loss']).toBeLessThan(Math.LN2);
    expect([...trained(off.policy).keys()].every((name) => name.includes('lora'))).toBe(true);
    for (const each of [off, separate]) each.dispose();
  });

  it('reaches reference * exp(R / beta) / Z where preferences are those of Bradley and Terry', async () => {
    const answers = [0, 1, 2];
    const pairs = answers.flatMap((a) =>
      answers
        .filter((b) => b !== a)
        .map((b) => ({
          pairId: `${a}>${b}`,
          promptId: banditPrompt.promptId,
          split: 'TRAIN' as const,
          prompt: banditPrompt.tokens,
          chosen: [a],
          rejected: [b],
          weight: 1 / (1 + Math.exp(bandit.rewards[b]! - bandit.rewards[a]!)),
          margin: null,
        })),
    );
    const policy = banditModel(engine);
    const model = banditModel(engine);
    const reference = referenceModel(model);
    const config = dpoConfig.parse({
      beta: bandit.beta,
      epochs: 120,
      learningRate: 0.01,
      schedule: { kind: 'cosine' },
      samplePrompts: 0,
      maxNewTokens: 1,
    });
    const { rows } = await follow(
      trainDpo({ engine, policy, reference, tokenizer: numberTokenizer, data: pairs, config, signal: new AbortController().signal }),
    );
    expect(rows.at(-1)!.step).toBe(120);
    banditProbabilities(engine, policy).forEach((p, token) => {
      expect(Math.abs(p - bandit.optimum[token]!)).toBeLessThan(0.01);
    });
    reference.dispose();
    for (const each of [policy, model]) each.dispose();
  });

  it('keeps the best weights and stops early where validation only gets worse', async () => {
    // What validates prefers the opposite.
    const contrary = data.map((pair) => (pair.split === 'VALIDATION' ? { ...pair, chosen: pair.rejected, rejected: pair.chosen } : pair));
    const { rows, result, dispose } = await run(
      { ...base, evaluateEvery: 1, patience: 2, keepBest: true, samplePrompts: 0 },
      { data: contrary },
    );
    expect(rows.at(-1)!.step).toBe(3);
    expect(result).toMatchObject({ steps: 3, bestStep: 1 });
    const losses = comparable(rows).map(({ metrics }) => metrics['validation/loss']!);
    expect(result!.validation!.loss).toBeCloseTo(losses[0]!, 6);
    dispose();
  });

  it('says what is wrong with the data', async () => {
    const before = engine.tensorCount();
    const one = data[0]!;
    const refused = (pairs: readonly PreferencePair[]) => expect(run(base, { data: pairs })).rejects;
    const check = (name: string) => ({ code: 'BAD_INPUT', details: { check: name } });
    await refused([{ ...one, rejected: one.chosen }]).toMatchObject({ ...check('identical-pair'), message: /pair0/ });
    await refused([{ ...one, rejected: [] }]).toMatchObject({ ...check('empty-answer'), message: /Pair pair0, rejected/ });
    await refused([{ ...one, chosen: Array.from({ length: 40 }, () => 5) }]).toMatchObject(check('longer-than-context'));
    await refused([{ ...one, weight: 0 }]).toMatchObject(check('positive-weight'));
    await refused([one, { ...one, pairId: 'other', split: 'TEST' }]).toMatchObject(check('one-split-a-prompt'));
    await refused([one, { ...one, pairId: 'other', prompt: [1, 5] }]).toMatchObject(check('one-text-a-prompt'));
    await refused([{ ...one, chosen: [55, 2] }]).toThrow(/Token 55 is outside/);
    await refused([{ ...one, split: 'VALIDATION' }]).toThrow(/no pair in the training split/);
    await refused([]).toThrow(/no pair in the training split/);
    expect(engine.tensorCount()).toBe(before);
  });

  it('stops with the name of the check that failed, and when cancelled', async () => {
    const before = engine.tensorCount();
    const policy = createLanguageModel(engine, tinyFiles(3));
    await expect(run({ ...base, samplePrompts: 0 }, { policy })).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'first-loss-is-ln-2' },
    });
    const broken = { logProbs: () => new Float32Array(1000).fill(Number.NaN), dispose: () => undefined };
    await expect(run({ ...base, samplePrompts: 0 }, { reference: broken, startsAtReference: false })).rejects.toMatchObject({
      details: { check: 'finite-loss' },
    });
    await expect(run(base, { state: { step: 1, tensors: {}, json: { kind: 'ppo' } } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const other = await run(base, { stopAfter: 2 });
    const json = { kind: 'dpo', seed: 9, step: 2, totalSteps: 9, examples: 17, updates: 2, bestStep: 0, bestLoss: null, sinceBest: 0 };
    await expect(run(base, { state: { step: 2, tensors: {}, json } })).rejects.toThrow(/another seed/);
    other.dispose();
    const controller = new AbortController();
    controller.abort();
    await expect(run(base, { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(engine.tensorCount()).toBe(before);
  });
});
