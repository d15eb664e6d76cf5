import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { type KtoConfig, ktoConfig, trainKto } from '#lib/ml/trainers/kto';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import type { LabelledAnswer } from '#lib/ml/training/examples';
import { adapterOffReference, type Reference, referenceModel } from '#lib/ml/training/reference';
import { comparable, follow, largestDifference, stored, tinyPairs, trained } from './direct-harness';
import { numberTokenizer, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

const data: LabelledAnswer[] = tinyPairs(24).map(({ chosen, pairId, prompt, promptId, rejected, split, weight }, index) => ({
  answerId: pairId,
  promptId,
  split,
  prompt,
  answer: index % 2 === 0 ? chosen : rejected,
  desirable: index % 2 === 0,
  weight,
}));
const base: KtoConfig = ktoConfig.parse({
  seed: 2,
  epochs: 4,
  batchSize: 9,
  learningRate: 0.003,
  schedule: { kind: 'constant' },
  samplePrompts: 0,
  maxNewTokens: 4,
});

async function run(
  config: KtoConfig,
  options: {
    policy?: LanguageModel;
    reference?: Reference;
    data?: readonly LabelledAnswer[];
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
      trainKto({
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

describe('trainKto', () => {
  it('starts at one half, parts good from bad and leaves nothing behind', async () => {
    const before = engine.tensorCount();
    const { rows, result, dispose } = await run({ ...base, samplePrompts: 2 });
    const updates = rows.filter(({ phase, step }) => phase === 'kto' && step > 0);
    const first = updates[0]!.metrics;
    // policy = reference: every r and z0 are 0, sigmoid(0) = 1/2
    expect(first['train/loss']).toBeCloseTo(0.5, 5);
    expect(first['train/referencePoint']).toBeLessThan(1e-4);
    const last = updates.at(-1)!.metrics;
    expect(last['train/loss']).toBeLessThan(0.48);
    expect(last['rewards/margins']).toBeGreaterThan(0.2);
    expect(result!.validation!.loss).toBeLessThan(0.49);
    expect(result!.test).toBeNull();
    expect(rows.filter(({ samples }) => samples).length).toBe(5);
    dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('weighs both kinds as asked', async () => {
    const first = async (config: Partial<KtoConfig>) => {
      const { rows, dispose } = await run({ ...base, batchSize: 64, ...config }, { stopAfter: 1 });
      dispose();
      return comparable(rows)[0]!.metrics['train/loss']!;
    };
    const train = data.filter(({ split }) => split === 'TRAIN');
    const share = (desirable: boolean) =>
      train.filter((label) => label.desirable === desirable).reduce((sum, { weight }) => sum + weight, 0) /
      train.reduce((sum, { weight }) => sum + weight, 0);
    expect(await first({ desirableWeight: 3 })).toBeCloseTo(0.5 * (3 * share(true) + share(false)), 5);
    expect(await first({ undesirableWeight: 1.33 })).toBeCloseTo(0.5 * (share(true) + 1.33 * share(false)), 5);
  });

  it('gives the same bits unbroken and resumed', async () => {
    const config = { ...base, evaluateEvery: 2, checkpointEvery: 1, keepBest: true, samplePrompts: 1 };
    const whole = await run(config);
    const first = await run(config, { stopAfter: 3 });
    const policy = createLanguageModel(engine, tinyFiles(77));
    const rest = await run(config, { policy, state: stored(first.rows), startsAtReference: false });
    expect(comparable(rest.rows)).toEqual(comparable(whole.rows).filter(({ step }) => step > 3));
    expect(rest.result).toEqual(whole.result);
    expect(largestDifference(trained(rest.policy), trained(whole.policy))).toBe(0);
    for (const each of [whole, first, rest]) each.dispose();
  });

  it('a batch of 8 is 8 times 1, reference point and all', async () => {
    // Good answers weigh so much that the policy moves towards all answers, those of other prompts too: z0 > 0.
    const config = { ...base, batchSize: 8, epochs: 2, desirableWeight: 12, beta: 0.5 };
    const whole = await run(config);
    const parts = await run({ ...config, microbatchSize: 1 });
    const figures = ({ rows }: typeof whole) =>
      comparable(rows).flatMap(({ metrics }) => [metrics['train/loss']!, metrics['train/referencePoint']!]);
    const cut = figures(parts);
    for (const [index, value] of figures(whole).entries()) expect(Math.abs(cut[index]! - value)).toBeLessThan(1e-5);
    expect(Math.max(...figures(whole).filter((_, index) => index % 2 === 1))).toBeGreaterThan(0);
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
    expect(comparable(off.rows).at(-1)!.metrics['train/loss']).toBeLessThan(0.5);
    for (const each of [off, separate]) each.dispose();
  });

  it('says what is wrong with the data, and stops when cancelled', async () => {
    const before = engine.tensorCount();
    const refused = (labels: readonly LabelledAnswer[]) => expect(run(base, { data: labels })).rejects;
    const [one, two] = [data[0]!, data[1]!];
    await refused(data.map((label) => ({ ...label, desirable: true }))).toThrow(/answers of the training split are desirable/);
    await refused([]).toMatchObject({ code: 'BAD_INPUT', details: { check: 'both-labels' } });
    await refused([one, { ...two, answer: [] }]).toMatchObject({ details: { check: 'empty-answer' }, message: /Answer pair1/ });
    await refused([one, { ...two, answer: Array.from({ length: 40 }, () => 5) }]).toMatchObject({
      details: { check: 'longer-than-context' },
    });
    await refused([one, { ...one, answerId: 'b', desirable: false }]).toMatchObject({ details: { check: 'answers-of-other-prompts' } });
    await refused([one, { ...two, weight: Number.NaN }]).toMatchObject({ details: { check: 'positive-weight' } });
    await expect(run(base, { policy: createLanguageModel(engine, tinyFiles(3)) })).rejects.toMatchObject({
      details: { check: 'first-kl-is-zero' },
    });
    await expect(run(base, { state: { step: 1, tensors: {}, json: { kind: 'dpo' } } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const controller = new AbortController();
    controller.abort();
    await expect(run(base, { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(engine.tensorCount()).toBe(before);
  });
});
