import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { type RewardConfig, type RewardResult, rewardConfig, trainReward } from '#lib/ml/trainers/reward';
import type { RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import { numberTokenizer, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

/** Answers of 6 tokens; the more sevens, the better; equal counts tie. */
function rankings(prompts: number): RankedPrompt[] {
  const random = createRandom(9, 'rankings');
  return Array.from({ length: prompts }, (_, p) => {
    const responses = Array.from({ length: 4 }, (_, k) => ({
      responseId: `r${p}-${k}`,
      tokens: [...Array.from({ length: 6 }, () => (random.next() < 0.3 ? 7 : 3 + random.integer(9))), 2],
    }));
    const counts = responses.map((response) => response.tokens.filter((token) => token === 7).length);
    const distinct = [...new Set(counts)].sort((a, b) => b - a);
    return {
      promptId: `p${p}`,
      split: p % 4 === 0 ? ('VALIDATION' as const) : p % 4 === 1 ? ('TEST' as const) : ('TRAIN' as const),
      prompt: [1, 3 + random.integer(9), 3 + random.integer(9)],
      responses,
      rankings: [counts.map((count) => distinct.indexOf(count) + 1)],
    };
  });
}

const data = rankings(120);
const base: RewardConfig = rewardConfig.parse({
  seed: 3,
  epochs: 6,
  batchPrompts: 10,
  learningRate: 0.01,
  checkpointEvery: 4,
  samplePrompts: 2,
});

async function run(config: RewardConfig, options: { state?: CheckpointData; stopAfter?: number; data?: RankedPrompt[] } = {}) {
  const model = createScalarModel(engine, tinyFiles(1), { headSeed: 5 });
  const rows: StepMetrics[] = [];
  const training = trainReward({
    engine,
    model,
    tokenizer: numberTokenizer,
    data: options.data ?? data,
    config,
    signal: new AbortController().signal,
    ...(options.state ? { state: options.state } : {}),
  });
  let result: RewardResult | undefined;
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
  return { model, rows, result };
}

describe('trainReward', () => {
  it('learns a preference, reports it on held-out prompts, normalises and leaves nothing behind', async () => {
    const before = engine.tensorCount();
    const { model, rows, result } = await run(base);
    const { validation, test, normalisation, bestEpoch } = result!;
    expect(validation?.accuracy.defined && validation.accuracy.value).toBeGreaterThan(0.9);
    expect(test?.accuracy.defined && test.accuracy.value).toBeGreaterThan(0.9);
    // All answers are equally long: length explains exactly nothing.
    expect(test?.lengthBaseline).toMatchObject({ value: 0.5 });
    expect(bestEpoch).toBeGreaterThan(1);
    expect(rows[0]!.metrics['train/loss']).toBeGreaterThan(rows.at(-1)!.metrics['train/loss']!);
    const withSamples = rows.filter((row) => row.samples);
    expect(withSamples).toHaveLength(6);
    expect(withSamples[0]!.samples).toHaveLength(8);
    expect(withSamples[0]!.samples![0]).toMatchObject({ promptId: 'p0', sampleIndex: 0, scores: { reward: expect.any(Number) } });

    const score = createRewardScorer({ engine, model, normalisation, batchSize: 16 });
    const scores = data
      .filter((prompt) => prompt.split === 'TRAIN')
      .flatMap((prompt) => score(prompt.responses.map(({ tokens }) => ({ prompt: prompt.prompt, response: tokens }))));
    const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
    expect(mean).toBeCloseTo(0, 4);
    expect(scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scores.length).toBeCloseTo(1, 3);
    expect(score([{ prompt: [1, 4], response: [7, 7, 7, 2] }])[0]).toBeGreaterThan(score([{ prompt: [1, 4], response: [5, 6, 8, 2] }])[0]!);
    model.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('gives the same bits unbroken and resumed in the middle of an epoch', async () => {
    const config = { ...base, epochs: 3, checkpointEvery: 1 };
    const whole = await run(config);
    const first = await run(config, { stopAfter: 8 });
    const checkpoint = first.rows.at(-1)!.checkpoint!;
    const kept = { ...checkpoint, json: JSON.parse(JSON.stringify(checkpoint.json)) };
    const rest = await run(config, { state: kept });
    expect(rest.rows.map((row) => [row.step, row.metrics])).toEqual(whole.rows.slice(8).map((row) => [row.step, row.metrics]));
    expect(rest.rows.at(-1)!.checkpoint).toEqual(whole.rows.at(-1)!.checkpoint);
    expect(rest.result).toEqual(whole.result);
    for (const { model } of [whole, first, rest]) model.dispose();
  });

  it('keeps the best epoch and stops when validation no longer improves', async () => {
    // Preferences that say nothing: validation can only get worse.
    const random = createRandom(4);
    const noise = data.map((prompt) => ({ ...prompt, rankings: [random.shuffle([1, 2, 3, 4])] }));
    const { model, rows, result } = await run({ ...base, epochs: 12, patience: 2 }, { data: noise });
    const losses = rows.flatMap((row) => row.metrics['validation/calibratedLoss'] ?? []);
    expect(losses.length).toBeLessThan(12);
    expect(losses).toHaveLength(result!.bestEpoch + 2);
    expect(result!.validation!.calibratedLoss).toBeCloseTo(Math.min(...losses), 6);
    model.dispose();
  });

  it('refuses what cannot be learned from, and a checkpoint of something else', async () => {
    await expect(run(base, { data: [] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const aside = data.map((prompt) => ({ ...prompt, rankings: [[1, null, null, null]] }));
    await expect(run(base, { data: aside })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(run(base, { state: { step: 1, tensors: {}, json: { kind: 'ppo' } } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const state = {
      step: 1,
      tensors: {},
      json: { kind: 'reward', seed: 3, step: 1, totalSteps: 36, bestEpoch: 0, bestLoss: null, epochsSinceBest: 0 },
    };
    await expect(run(base, { state })).rejects.toThrow(/no tensor "model\.weights\./);
  });

  it('stops between updates when it is cancelled, with the reason given', async () => {
    const before = engine.tensorCount();
    const model = createScalarModel(engine, tinyFiles(1), { headSeed: 5 });
    const controller = new AbortController();
    const training = trainReward({ engine, model, tokenizer: numberTokenizer, data, config: base, signal: controller.signal });
    await training.next();
    controller.abort();
    await expect(training.next()).rejects.toMatchObject({ code: 'CANCELLED' });
    const fenced = new AbortController();
    fenced.abort(new AppError('FENCED', 'Another process owns this run.'));
    const again = trainReward({ engine, model, tokenizer: numberTokenizer, data, config: base, signal: fenced.signal });
    await expect(again.next()).rejects.toMatchObject({ code: 'FENCED' });
    model.dispose();
    expect(engine.tensorCount()).toBe(before);
  });
});
