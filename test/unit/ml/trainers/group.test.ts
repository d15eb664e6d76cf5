import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { type GrpoConfig, grpoConfig, trainGrpo } from '#lib/ml/trainers/grpo';
import { type RlooConfig, rlooConfig, trainRloo } from '#lib/ml/trainers/rloo';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import type { RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import { adapterOffReference, type Reference, referenceModel } from '#lib/ml/training/reference';
import { bandit, banditModel, banditProbabilities, banditPrompt, banditReward } from './bandit';
import { comparable, follow, largestDifference, stored, trained } from './direct-harness';
import { numberTokenizer, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

const prompts = Array.from({ length: 10 }, (_, index) => ({ promptId: `p${index}`, tokens: [1, 3 + (index % 9), 3 + ((index * 5) % 9)] }));
const sevens: RewardScorer = (episodes) => ({
  total: episodes.map(({ response }) => (2 * response.filter((token) => token === 7).length) / response.length - 0.5),
  parts: { length: episodes.map(({ response }) => response.length) },
});
const common = {
  seed: 2,
  steps: 8,
  rolloutBatchSize: 32,
  samplesPerPrompt: 4,
  maxNewTokens: 6,
  learningRate: 0.01,
  schedule: { kind: 'constant' as const },
  klCoefficient: 0.05,
  samplePrompts: 2,
  evaluateEvery: 4,
  checkpointEvery: 3,
};
const configs = { rloo: rlooConfig.parse(common), grpo: grpoConfig.parse(common) };
type Kind = keyof typeof configs;

async function run(
  kind: Kind,
  changes: Partial<RlooConfig & GrpoConfig> = {},
  options: {
    policy?: LanguageModel;
    reference?: Reference;
    reward?: RewardScorer;
    prompts?: readonly TrainingPrompt[];
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
  const given = {
    engine,
    policy,
    reference,
    reward: options.reward ?? sevens,
    prompts: options.prompts ?? prompts,
    tokenizer: numberTokenizer,
    startsAtReference: options.startsAtReference ?? true,
    signal: options.signal ?? new AbortController().signal,
    ...(options.state ? { state: options.state } : {}),
  };
  try {
    const training =
      kind === 'rloo'
        ? trainRloo({ ...given, config: { ...configs.rloo, ...changes } })
        : trainGrpo({ ...given, config: { ...configs.grpo, ...changes } });
    return { ...(await follow(training, options.stopAfter)), policy, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

describe.each(['rloo', 'grpo'] as const)('%s', (kind) => {
  it('raises a rule reward, holds its invariants and leaves nothing behind', async () => {
    const before = engine.tensorCount();
    const { rows, result, dispose } = await run(kind);
    expect(rows.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const updates = rows.slice(1).map(({ metrics }) => metrics);
    const [first, last] = [updates[0]!, updates.at(-1)!];
    expect(Math.abs(first['policy/kl']!)).toBeLessThan(1e-4);
    for (const metrics of updates) {
      expect(metrics['policy/firstLogRatio']).toBeLessThan(1e-4);
      expect(metrics['policy/clipFraction']).toBe(0);
      expect(metrics['reward/mean']).toBeCloseTo(metrics['reward/score']! - 0.05 * metrics['policy/kl']!, 8);
      expect(metrics['reward/part/length']).toBeCloseTo(metrics['answer/length']!, 8);
    }
    // On-policy the surrogate is -mean(A), and advantages of groups have mean 0 (over answers).
    if (kind === 'rloo') expect(first['policy/loss']).toBeCloseTo(0, 5);
    expect(last['reward/score']).toBeGreaterThan(first['reward/score']! + 0.4);
    expect(result!.kl).toBe(last['policy/kl']);
    expect(last['policy/kl']).toBeGreaterThan(0.2);
    expect(rows.filter(({ samples }) => samples).map(({ step }) => step)).toEqual([0, 4, 8]);
    expect(Object.keys(rows[0]!.samples![0]!.scores)).toEqual(['reward', 'kl', 'length']);
    expect(rows.filter(({ checkpoint }) => checkpoint).map(({ step }) => step)).toEqual([3, 6, 8]);
    dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('gives the same bits unbroken and resumed', async () => {
    const changes = { steps: 5, checkpointEvery: 1, minibatchSize: 16, innerEpochs: 2 };
    const whole = await run(kind, changes);
    const first = await run(kind, changes, { stopAfter: 2 });
    const policy = createLanguageModel(engine, tinyFiles(77));
    const rest = await run(kind, changes, { policy, state: stored(first.rows), startsAtReference: false });
    expect(comparable(rest.rows)).toEqual(comparable(whole.rows).filter(({ step }) => step > 2));
    expect(rest.result).toEqual(whole.result);
    expect(largestDifference(trained(rest.policy), trained(whole.policy))).toBe(0);
    // Updates after the first of a step are off-policy: the ratio moves.
    expect(whole.rows.at(-1)!.metrics['policy/approxKl']).toBeGreaterThan(0);
    for (const each of [whole, first, rest]) each.dispose();
  });

  it('an update of 8 is 8 times 1', async () => {
    const changes = { steps: 1, rolloutBatchSize: 8, samplePrompts: 0 };
    const whole = await run(kind, changes);
    const parts = await run(kind, { ...changes, microbatchSize: 1 });
    const loss = ({ rows }: typeof whole) => rows.at(-1)!.metrics['policy/loss']!;
    expect(Math.abs(loss(whole) - loss(parts))).toBeLessThan(1e-5);
    const norm = ({ rows }: typeof whole) => rows.at(-1)!.metrics['policy/gradientNorm']!;
    expect(norm(whole)).toBeGreaterThan(0.01);
    expect(Math.abs(norm(whole) / norm(parts) - 1)).toBeLessThan(1e-4);
    for (const each of [whole, parts]) each.dispose();
  });

  it('trains an adapter with itself off as reference as with a model of its own', async () => {
    const adapted = () => {
      const policy = createLanguageModel(engine, tinyFiles(1));
      addAdapter(policy, loraConfig.parse({ rank: 4 }), 5);
      return policy;
    };
    const policy = adapted();
    const off = await run(kind, { steps: 3, samplePrompts: 1 }, { policy, reference: adapterOffReference(policy) });
    const separate = await run(kind, { steps: 3, samplePrompts: 1 }, { policy: adapted() });
    expect(comparable(off.rows)).toEqual(comparable(separate.rows));
    expect(off.rows.at(-1)!.metrics['policy/kl']).toBeGreaterThan(1e-4);
    for (const each of [off, separate]) each.dispose();
  });

  it('reaches the optimum of the one-token bandit', async () => {
    const samplesPerPrompt = 64;
    const policy = banditModel(engine);
    const model = banditModel(engine);
    const { dispose } = await run(
      kind,
      {
        steps: 60,
        rolloutBatchSize: 1024,
        samplesPerPrompt,
        generationBatchSize: 1024,
        scoreBatchSize: 1024,
        maxNewTokens: 1,
        klCoefficient: bandit.beta,
        learningRate: 0.01,
        schedule: { kind: 'cosine', warmup: 0, floor: 0 },
        samplePrompts: 0,
        checkpointEvery: 1000,
        normalise: 'mean-only',
      },
      { policy, reference: referenceModel(model), reward: banditReward, prompts: [banditPrompt] },
    );
    banditProbabilities(engine, policy).forEach((p, token) => {
      expect(Math.abs(p - bandit.optimum[token]!), `token ${token}: ${p}`).toBeLessThan(0.01);
    });
    dispose();
    model.dispose();
  }, 180_000);

  it('learns nothing from groups of equal rewards, not even from rounding, and says how many there are', async () => {
    const before = trainedCopy();
    // 0.1 has no exact mean
    const { rows, policy, dispose } = await run(kind, { steps: 3, samplePrompts: 0 }, { reward: (all) => ({ total: all.map(() => 0.1) }) });
    for (const { metrics } of rows) expect(metrics).toMatchObject({ 'reward/zeroStdGroups': 1, 'policy/skippedUpdates': 1 });
    expect(largestDifference(trained(policy), before)).toBe(0);
    dispose();
    // away from the reference there is something to learn: the way back
    const away = await run(
      kind,
      { steps: 2, samplePrompts: 0, learningRate: 1e-3 },
      {
        policy: createLanguageModel(engine, tinyFiles(5, undefined, 0.5)),
        reward: (all) => ({ total: all.map(() => 0.1) }),
        startsAtReference: false,
      },
    );
    expect(away.rows[0]!.metrics['policy/skippedUpdates']).toBe(0);
    expect(away.rows[0]!.metrics['policy/gradientNorm']).toBeGreaterThan(1e-3);
    away.dispose();
  });

  it('stops the updates of a step when the policy has moved too far', async () => {
    const changes = { steps: 1, innerEpochs: 6, minibatchSize: 16, samplePrompts: 0, learningRate: 0.02 };
    const free = await run(kind, changes);
    const bounded = await run(kind, { ...changes, targetInnerKl: 0.01 });
    // of the first minibatch no group may have told its answers apart
    expect(free.rows[0]!.metrics['policy/skippedUpdates']).toBeLessThanOrEqual(1);
    expect(free.rows[0]!.metrics['policy/clipFraction']).toBeGreaterThan(0);
    const skipped = bounded.rows[0]!.metrics['policy/skippedUpdates']!;
    expect(skipped).toBeGreaterThan(1);
    expect(skipped).toBeLessThan(12);
    for (const each of [free, bounded]) each.dispose();
  });

  it('treats answers without an end as chosen', async () => {
    const changes = { steps: 1, maxNewTokens: 3, samplePrompts: 0 };
    const plain = await run(kind, changes);
    const lowered = await run(kind, { ...changes, missingEos: { kind: 'subtract', penalty: 2 } });
    const [none, less] = [plain.rows[0]!.metrics, lowered.rows[0]!.metrics];
    expect(none['answer/eosRate']).toBeLessThan(0.8);
    expect(less['reward/mean']).toBeCloseTo(none['reward/mean']! - 2 * (1 - none['answer/eosRate']!), 6);
    expect(less['reward/score']).toBe(none['reward/score']);
    for (const each of [plain, lowered]) each.dispose();
  });

  it('stops with the name of what is wrong, and when cancelled', async () => {
    const before = engine.tensorCount();
    const refused = (options: Parameters<typeof run>[2]) => expect(run(kind, { samplePrompts: 0 }, options)).rejects;
    await refused({ reward: (all) => ({ total: all.map(() => Number.NaN) }) }).toMatchObject({
      code: 'INVARIANT',
      details: { check: 'finite-scores' },
    });
    await refused({ reward: () => ({ total: [1] }) }).toMatchObject({ details: { check: 'one-score-an-answer' } });
    await refused({ policy: createLanguageModel(engine, tinyFiles(3)) }).toMatchObject({ details: { check: 'first-kl-is-zero' } });
    await refused({ prompts: [] }).toMatchObject({ code: 'BAD_INPUT' });
    await refused({ prompts: [{ promptId: 'long', tokens: Array.from({ length: 32 }, () => 5) }] }).toThrow(/Prompt long has 32 tokens/);
    await refused({ state: { step: 1, tensors: {}, json: { kind: 'ppo' } } }).toMatchObject({ code: 'BAD_INPUT' });
    const controller = new AbortController();
    await refused({
      signal: controller.signal,
      reward: (all) => {
        controller.abort();
        return sevens(all) as { total: readonly number[] };
      },
    }).toMatchObject({ code: 'CANCELLED' });
    expect(engine.tensorCount()).toBe(before);
  });

  it('wants whole groups', () => {
    const parse = (changes: object) => (kind === 'rloo' ? rlooConfig : grpoConfig).safeParse({ ...common, ...changes });
    expect(parse({}).success).toBe(true);
    expect(parse({ rolloutBatchSize: 30 }).error?.message).toMatch(/multiples of samplesPerPrompt/);
    expect(parse({ minibatchSize: 6 }).success).toBe(false);
    expect(parse({ samplesPerPrompt: 1 }).success).toBe(false);
  });
});

function trainedCopy() {
  const model = createLanguageModel(engine, tinyFiles(1));
  const values = trained(model);
  model.dispose();
  return values;
}
