import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { AppError } from '#lib/errors';
import type { TokenRow } from '#lib/ml/batches';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { addAdapter } from '#lib/ml/nn/adapt-model';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { loraConfig } from '#lib/ml/nn/lora';
import { type RewardResult, trainReward } from '#lib/ml/trainers/reward';
import { type RewardConfig, rewardConfig } from '#lib/ml/trainers/reward-config';
import { rewardExamples } from '#lib/ml/trainers/reward-data';
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
      rankings: [{ annotatorId: null, ranks: counts.map((count) => distinct.indexOf(count) + 1) }],
    };
  });
}

const data = rankings(120);
const base: RewardConfig = rewardConfig.parse({
  seed: 3,
  epochs: 6,
  batchSize: 10,
  learningRate: 0.01,
  checkpointEvery: 4,
  samplePrompts: 2,
});

async function run(
  config: RewardConfig,
  options: { state?: CheckpointData; stopAfter?: number; data?: RankedPrompt[]; referenceAnswers?: TokenRow[] } = {},
) {
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
    ...(options.referenceAnswers ? { referenceAnswers: options.referenceAnswers } : {}),
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
    const noise = data.map((prompt) => ({ ...prompt, rankings: [{ annotatorId: null, ranks: random.shuffle([1, 2, 3, 4]) }] }));
    const { model, rows, result } = await run({ ...base, epochs: 12, patience: 2 }, { data: noise });
    const losses = rows.flatMap((row) => row.metrics['validation/calibratedLoss'] ?? []);
    expect(losses.length).toBeLessThan(12);
    expect(losses).toHaveLength(result!.bestEpoch + 2);
    expect(result!.validation!.calibratedLoss).toBeCloseTo(Math.min(...losses), 6);
    model.dispose();
  });

  it('refuses what cannot be learned from, and a checkpoint of something else', async () => {
    await expect(run(base, { data: [] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const aside = data.map((prompt) => ({ ...prompt, rankings: [{ annotatorId: null, ranks: [1, null, null, null] }] }));
    await expect(run(base, { data: aside })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(run(base, { state: { step: 1, tensors: {}, json: { kind: 'ppo' } } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const state = {
      step: 1,
      tensors: {},
      json: {
        kind: 'reward',
        seed: 3,
        step: 1,
        totalSteps: 36,
        bestEpoch: 0,
        bestLoss: null,
        epochsSinceBest: 0,
        terms: {},
        bestTerms: {},
      },
    };
    await expect(run(base, { state })).rejects.toThrow(/no tensor "model\.weights\./);
  });

  it('makes no difference how a batch is cut: 1 x 8 is 8', async () => {
    const small = { ...base, epochs: 1, batchSize: 8, checkpointEvery: 1, learningRate: 1e-3 };
    const kinds: Partial<RewardConfig>[] = [
      {},
      { loss: 'plackettLuce', weighting: 'judgement' },
      { ties: 'davidson', centeringOn: 'pairs', weighting: 'judgement' },
    ];
    const few = { data: data.filter(({ split }) => split === 'TRAIN').slice(0, 24) };
    for (const kind of kinds) {
      const [whole, cut] = [await run({ ...small, ...kind }, few), await run({ ...small, ...kind, microbatchSize: 1 }, few)];
      for (const [index, row] of whole.rows.entries()) {
        for (const name of ['train/loss', 'train/scoreMean', 'train/scoreStd'] as const) {
          expect(Math.abs(cut.rows[index]!.metrics[name]! - row.metrics[name]!)).toBeLessThan(1e-5);
        }
      }
      for (const { model } of [whole, cut]) model.dispose();
    }
  });

  it('trains an adapter and its head, and leaves the trunk as it was', async () => {
    const model = createScalarModel(engine, tinyFiles(1), { headSeed: 5 });
    addAdapter(model, loraConfig.parse({ rank: 4, targets: ['q_proj', 'v_proj', 'up_proj'] }), 1);
    const before = [...model.parameters].map(([name, parameter]) => [name, [...parameter.values()]]);
    const training = trainReward({
      engine,
      model,
      tokenizer: numberTokenizer,
      data,
      config: { ...base, learningRate: 0.03 },
      signal: new AbortController().signal,
    });
    let next = await training.next();
    while (!next.done) next = await training.next();
    expect(next.value.test?.accuracy.defined && next.value.test.accuracy.value).toBeGreaterThan(0.85);
    expect([...model.parameters].map(([name, parameter]) => [name, [...parameter.values()]])).toEqual(before);
    model.dispose();
  });

  it('names what cannot be learned from', async () => {
    const first = data.find(({ split }) => split === 'TRAIN')!;
    const refused = async (broken: RankedPrompt, message: RegExp) => {
      await expect(run(base, { data: [...data.filter((prompt) => prompt !== first), broken] })).rejects.toThrow(message);
    };
    await refused({ ...first, promptId: 'p0' }, /Prompt p0 is in the splits VALIDATION and TRAIN/);
    const long = { responseId: 'long', tokens: Array.from({ length: 40 }, () => 4) };
    await refused(
      { ...first, responses: [...first.responses.slice(1), long] },
      /answer long has 3 \+ 40 = 43 tokens; the model reads at most 32/,
    );
    await refused({ ...first, prompt: [] }, /has no tokens/);
    await refused({ ...first, rankings: [{ annotatorId: null, ranks: [1, 2] }] }, /2 ranks for 4 answers/);
    await refused({ ...first, rankings: [{ annotatorId: null, ranks: [1, 2, 3, 4], weight: Number.NaN }] }, /weight is NaN/);
    await refused({ ...first, rankings: [{ annotatorId: null, ranks: [1, Number.NaN, 3, 4] }] }, /rank is NaN/);
    await refused(
      { ...first, comparisons: [{ annotatorId: null, first: 1, second: 9, better: 'first' }] },
      /compares answers 1 and 9 of 4/,
    );
    await expect(run({ ...base, loss: 'bestOfK', labelSmoothing: 0.1 })).rejects.toThrow(/"labelSmoothing" belongs to the loss of pairs/);
    await expect(run({ ...base, learningRate: 1e30, maxGradientNorm: 1e30 })).rejects.toMatchObject({ code: 'INVARIANT' });
  });

  it('counts what is odd and says how it was handled', async () => {
    const [one, two, three, four] = data.filter(({ split }) => split === 'TRAIN') as [
      RankedPrompt,
      RankedPrompt,
      RankedPrompt,
      RankedPrompt,
    ];
    const same = { ...one.responses[0]!, responseId: 'twin' };
    const odd: RankedPrompt[] = [
      { ...one, rankings: [{ annotatorId: null, ranks: [1, null, null, null] }] },
      { ...two, rankings: [{ annotatorId: null, ranks: [1, 1, 1, 1] }] },
      { ...three, responses: [one.responses[0]!, same, ...three.responses.slice(2)] },
      {
        ...four,
        responses: [{ responseId: 'nothing', tokens: [] }, ...four.responses.slice(1)],
        rankings: [
          { annotatorId: 'x', ranks: [1, 2, 3, 4] },
          { annotatorId: 'y', ranks: [2, 1, 3, 4] },
        ],
      },
    ];
    const others = data.filter((prompt) => ![one, two, three, four].includes(prompt) && new Set(prompt.rankings[0]!.ranks).size > 1);
    const { model, result } = await run({ ...base, epochs: 1 }, { data: [...others, ...odd] });
    expect(result!.notes.map(({ check, count }) => [check, count]).sort()).toEqual([
      ['all-tied', 1],
      ['contradicting-labels', 1],
      ['empty-answer', 1],
      ['one-answer', 1],
      ['same-answers', 1],
    ]);
    expect(result!.notes.find(({ check }) => check === 'contradicting-labels')?.examples).toEqual([
      `${four.promptId}: nothing, ${four.responses[1]!.responseId}`,
    ]);
    model.dispose();
  });

  it('finds labels that contradict also where they stand in rows of their own', () => {
    const row = (chosen: number, rejected: number): RankedPrompt => ({
      promptId: 'p',
      split: 'TRAIN',
      prompt: [1],
      responses: [chosen, rejected].map((token) => ({ responseId: `answer ${token}`, tokens: [token] })),
      rankings: [{ annotatorId: null, ranks: [1, 2] }],
    });
    const notes = (rows: RankedPrompt[]) => rewardExamples(rows, rewardConfig.parse({}), 32).notes;
    expect(notes([row(5, 6), row(6, 5), row(6, 5), row(5, 7)])).toMatchObject([
      { check: 'contradicting-labels', count: 1, examples: ['p: answer 6, answer 5'] },
    ]);
    expect(notes([row(5, 6), row(5, 6), { ...row(6, 5), promptId: 'q' }])).toEqual([]);
  });

  it('lets the first of two equal answers stand for both in orders', () => {
    const prompt: RankedPrompt = {
      promptId: 'p',
      split: 'TRAIN',
      prompt: [1],
      responses: [[5], [6], [5], [7]].map((tokens, index) => ({ responseId: String(index), tokens })),
      rankings: [
        { annotatorId: null, ranks: [2, 1, 3, 4] },
        { annotatorId: null, ranks: [null, 2, 1, null] },
        { annotatorId: null, ranks: [1, null, 2, null] },
      ],
      comparisons: [{ annotatorId: null, first: 3, second: 1, better: 'first', weight: 2 }],
    };
    const { examples } = rewardExamples([prompt], rewardConfig.parse({ loss: 'plackettLuce' }), 32);
    expect(examples.TRAIN[0]!.orders).toEqual([
      { ranks: [2, 1, null, 4], weight: 1 },
      { ranks: [null, 2, 1, null], weight: 1 },
      { ranks: [null, 2, null, 1], weight: 2 },
    ]);
    expect(examples.TRAIN[0]!.pairs.some(({ first, second }) => first === 0 && second === 2)).toBe(false);
  });

  it('normalises by the answers of a reference policy where they are given', async () => {
    const answers = data.slice(0, 10).map(({ prompt, responses }) => ({ prompt, response: responses[0]!.tokens }));
    const { model, result } = await run({ ...base, epochs: 1 }, { referenceAnswers: answers });
    const scores = createRewardScorer({ engine, model, normalisation: result!.normalisation })(answers);
    expect(scores.reduce((sum, score) => sum + score, 0) / 10).toBeCloseTo(0, 4);
    expect(scores.reduce((sum, score) => sum + score * score, 0) / 10).toBeCloseTo(1, 3);
    model.dispose();
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
