import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom, type Random } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { combineMembers, createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { sigmoid } from '#lib/ml/numerics';
import { outcomes, type TieModel } from '#lib/ml/numerics-preferences';
import { trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { trainRewardEnsemble, trainSharedEnsemble } from '#lib/ml/trainers/reward-ensemble';
import { createHeads, memberSeed, memberWeights } from '#lib/ml/trainers/reward-heads';
import type { Comparison, RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import { numberTokenizer, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

/** What each token is worth: the gold reward of an answer is the sum, and judges follow Bradley and Terry. */
const worth = [0, 0, 0, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
const gold = (tokens: readonly number[]) => tokens.reduce((sum, token) => sum + worth[token]!, 0);
const answersEach = 6;

interface Judge {
  readonly annotatorId: string;
  /** Probability of saying what the reward says rather than the opposite. */
  readonly accuracy: number;
  readonly weight?: number;
}

function compare(random: Random, judge: Judge, difference: number, ties: TieModel): Comparison['better'] {
  const { first, second } = outcomes(difference, ties);
  const [chosen, other] = random.next() < judge.accuracy ? [first, second] : [second, first];
  const draw = random.next();
  if (draw < Math.exp(chosen.log)) return 'first';
  return draw < Math.exp(chosen.log) + Math.exp(other.log) ? 'second' : 'neither';
}

/** Prompts with six answers of which every pair was compared once, by judges in turn. */
function world(prompts: number, judges: readonly Judge[], ties: TieModel): RankedPrompt[] {
  const random = createRandom(11, 'world', ties.kind, judges.length);
  let turn = 0;
  return Array.from({ length: prompts }, (_, p): RankedPrompt => {
    const responses = Array.from({ length: answersEach }, (_, k) => ({
      responseId: `${p}-${k}`,
      tokens: [...Array.from({ length: 3 }, () => 3 + random.integer(9)), 2],
    }));
    const comparisons: Comparison[] = [];
    for (let first = 0; first < answersEach; first += 1) {
      for (let second = first + 1; second < answersEach; second += 1) {
        const judge = judges[turn++ % judges.length]!;
        const difference = gold(responses[first]!.tokens) - gold(responses[second]!.tokens);
        const { annotatorId, weight = 1 } = judge;
        comparisons.push({ annotatorId, weight, first, second, better: compare(random, judge, difference, ties) });
      }
    }
    return { promptId: `p${p}`, split: 'TRAIN', prompt: [1, 3 + (p % 9)], responses, rankings: [], comparisons };
  });
}

/** Answers that no training saw: number k and k + 200 answer one prompt, since rankings say nothing across prompts. */
const unseen = (() => {
  const random = createRandom(12, 'unseen');
  return Array.from({ length: 400 }, (_, index) => ({
    prompt: [1, 3 + ((index % 200) % 9)],
    response: [...Array.from({ length: 3 }, () => 3 + random.integer(9)), 2],
  }));
})();

/** Expected accuracy on fresh judgements of an honest judge, and the highest that any model can have: E max(sigma, 1 - sigma). No sampling noise. */
function measure(scores: readonly number[]) {
  let accuracy = 0;
  let ceiling = 0;
  const half = unseen.length / 2;
  for (let pair = 0; pair < half; pair += 1) {
    const probability = sigmoid(gold(unseen[pair]!.response) - gold(unseen[pair + half]!.response));
    accuracy += (scores[pair]! > scores[pair + half]! ? probability : 1 - probability) / half;
    ceiling += Math.max(probability, 1 - probability) / half;
  }
  return { accuracy, ceiling };
}

const settings = { seed: 2, epochs: 8, batchSize: 20, learningRate: 0.01, beta2: 0.99, checkpointEvery: 1000, centering: 0 };

async function train(data: readonly RankedPrompt[], config: object) {
  const model = createScalarModel(engine, tinyFiles(1), { headSeed: 5 });
  const training = trainReward({
    engine,
    model,
    tokenizer: numberTokenizer,
    data,
    config: rewardConfig.parse({ ...settings, ...config }),
    signal: new AbortController().signal,
  });
  let next = await training.next();
  while (!next.done) next = await training.next();
  const scores = createRewardScorer({ engine, model, normalisation: next.value.normalisation })(unseen);
  model.dispose();
  return { ...measure(scores), result: next.value };
}

const honest = [{ annotatorId: 'honest', accuracy: 1 }];

describe('a world of known rewards', () => {
  it('is learned to its ceiling', async () => {
    const { accuracy, ceiling } = await train(world(400, honest, { kind: 'soft' }), {});
    expect(ceiling).toBeGreaterThan(0.75);
    expect(accuracy).toBeGreaterThan(ceiling - 0.01);
  });

  it.each([
    [{ kind: 'davidson', nu: 0.8 } as const, 'davidson', 0.8],
    [{ kind: 'raoKupper', theta: 2 } as const, 'raoKupper', 2],
  ])('is learned to its ceiling with ties: %o', async (made, ties, truth) => {
    const { accuracy, ceiling, result } = await train(world(400, honest, made), { ties });
    expect(accuracy).toBeGreaterThan(ceiling - 0.01);
    expect(Math.abs(result.terms!.tie! / truth - 1)).toBeLessThan(0.15);
  });

  it('is learned to its ceiling with bad annotators weighted, and with their accuracy learned', async () => {
    const judges = (weighted: boolean) => [
      ...[0, 1].map((index) => ({ annotatorId: `good ${index}`, accuracy: 0.98 })),
      ...[0, 1, 2].map((index) => ({ annotatorId: `bad ${index}`, accuracy: 0.25, ...(weighted ? { weight: 0 } : {}) })),
    ];
    const plain = await train(world(900, judges(false), { kind: 'soft' }), { epochs: 4 });
    expect(plain.accuracy).toBeLessThan(plain.ceiling - 0.03);
    const weighted = await train(world(900, judges(true), { kind: 'soft' }), { epochs: 4 });
    expect(weighted.accuracy).toBeGreaterThan(weighted.ceiling - 0.01);
    const learned = await train(world(900, judges(false), { kind: 'soft' }), { epochs: 4, terms: { accuracy: true } });
    expect(learned.accuracy).toBeGreaterThan(learned.ceiling - 0.01);
    for (const { accuracy, annotatorId } of learned.result.terms!.annotators) {
      if (annotatorId.startsWith('good')) expect(accuracy).toBeGreaterThan(0.85);
      else expect(accuracy).toBeLessThan(0.45);
    }
  });
});

describe('trainRewardEnsemble', () => {
  const data = world(24, honest, { kind: 'soft' }).map((prompt, index) => ({
    ...prompt,
    split: index % 4 === 0 ? ('VALIDATION' as const) : prompt.split,
  }));
  const config = rewardConfig.parse({ ...settings, epochs: 2, batchSize: 10, checkpointEvery: 1 });

  async function run(state?: CheckpointData) {
    const models = [0, 1, 2].map((index) => createScalarModel(engine, tinyFiles(1), { headSeed: memberSeed(config.seed, index) }));
    const signal = new AbortController().signal;
    const training = trainRewardEnsemble({ engine, models, tokenizer: numberTokenizer, data, config, signal, ...(state ? { state } : {}) });
    const rows = [];
    let next = await training.next();
    for (; !next.done; next = await training.next()) rows.push(next.value);
    const weights = models.map((model) => model.exportWeights());
    for (const model of models) model.dispose();
    return { rows, result: next.value, weights };
  }

  it('trains members that differ, reports their mean, and resumes to the bit within any of them', async () => {
    const before = engine.tensorCount();
    const whole = await run();
    const { members, spread, steps, validation } = whole.result;
    expect([steps, whole.rows.length, whole.rows.at(-1)!.totalSteps]).toEqual([12, 12, 12]);
    expect(whole.rows.map(({ metrics, step }) => [step, metrics['ensemble/member']])).toEqual(
      Array.from({ length: 12 }, (_, index) => [index + 1, 1 + Math.floor(index / 4)]),
    );
    expect(members.map(({ bestEpoch }) => bestEpoch)).toHaveLength(3);
    expect(spread).toBeGreaterThan(0.01);
    expect(validation!.accuracy.defined).toBe(true);
    for (const at of [1, 4, 7, 12]) {
      const { checkpoint } = whole.rows[at - 1]!;
      const rest = await run({ ...checkpoint!, json: JSON.parse(JSON.stringify(checkpoint!.json)) });
      expect(rest.rows.map(({ metrics, step }) => [step, metrics])).toEqual(
        whole.rows.slice(at).map(({ metrics, step }) => [step, metrics]),
      );
      expect(rest.result).toEqual(whole.result);
      expect(rest.weights).toEqual(whole.weights);
    }
    expect(engine.tensorCount()).toBe(before);
  });

  it('trains heads on one trunk that differ, and writes each as a model of its own', async () => {
    const before = engine.tensorCount();
    const model = createScalarModel(engine, tinyFiles(1), { headSeed: memberSeed(config.seed, 0) });
    const heads = createHeads(model, config.seed, 3);
    const signal = new AbortController().signal;
    const common = { engine, model, heads, tokenizer: numberTokenizer, data, config, signal };
    const first = [...heads.values()].map((head) => head.values());
    const run = async (state?: CheckpointData) => {
      const rows = [];
      const training = trainSharedEnsemble({ ...common, ...(state ? { state } : {}) });
      let next = await training.next();
      for (; !next.done; next = await training.next()) rows.push(next.value);
      return { rows, result: next.value };
    };
    const whole = await run();
    expect(whole.result.spread).toBeGreaterThan(0.01);
    // each member as a model of its own says what its head says
    const answers = data.slice(0, 4).flatMap(({ prompt, responses }) => responses.map(({ tokens }) => ({ prompt, response: tokens })));
    const alone = [0, 1, 2].map((index) => {
      const weights = new Map(Object.entries(memberWeights(model, heads, index)));
      const member = createScalarModel(engine, { ...tinyFiles(1), kind: 'REWARD', weights }, { headSeed: 0 });
      const { normalisation } = whole.result.members[index]!;
      const scores = createRewardScorer({ engine, model: member, normalisation })(answers);
      member.dispose();
      return scores;
    });
    expect(combineMembers(alone, { kind: 'mean' }).spread.some((spread) => spread > 0.01)).toBe(true);
    expect(first[0]).not.toEqual([...heads.values()][0]!.values());
    // the same bits after a break
    const { checkpoint } = whole.rows[2]!;
    const rest = await run({ ...checkpoint!, json: JSON.parse(JSON.stringify(checkpoint!.json)) });
    expect(rest.rows.map(({ metrics }) => metrics)).toEqual(whole.rows.slice(3).map(({ metrics }) => metrics));
    expect(rest.result).toEqual(whole.result);
    for (const head of heads.values()) head.dispose();
    model.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('combines members by mean, worst case, or mean less variance', () => {
    const members = [
      [1, -2, 0],
      [3, 0, 0],
    ];
    expect(combineMembers(members, { kind: 'mean' })).toEqual({ total: [2, -1, 0], spread: [1, 1, 0] });
    expect(combineMembers(members, { kind: 'worst' }).total).toEqual([1, -2, 0]);
    expect(combineMembers(members, { kind: 'meanMinusVariance', lambda: 0.5 }).total).toEqual([1.5, -1.5, 0]);
  });
});
