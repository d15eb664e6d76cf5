import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { sigmoid } from '#lib/ml/numerics';
import { bestOfKLoss, judgementLoss, outcomes, plackettLuceLoss, plainJudge, type TieModel } from '#lib/ml/numerics-preferences';
import {
  bestOfKChoices,
  centeringTensor,
  choiceLossTensor,
  type FlatPair,
  flattenPairs,
  judgementShare,
  pairCenteringTensor,
  plackettLuceChoices,
  rankingLossTensor,
} from '#lib/ml/trainers/reward-losses';
import { type JudgedPair, judgedPairs, rankingLoss } from '#lib/ml/trainers/reward-pairs';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

/** Loss and gradient with respect to one vector; checks that nothing stays behind. */
function differentiate(values: readonly number[], loss: (x: Tensor) => Tensor): { loss: number; gradient: number[] } {
  const parameter = engine.parameter('x', [values.length], Float32Array.from(values));
  const before = engine.tensorCount();
  const result = engine.gradients(new Map([['x', parameter]]), () => ({ loss: loss(parameter.read()) }));
  const gradient = result.gradients.get('x') as Tensor;
  const numbers = Array.from(engine.read(gradient));
  engine.dispose(gradient);
  expect(engine.tensorCount()).toBe(before);
  parameter.dispose();
  return { loss: result.loss, gradient: numbers };
}

const close = (actual: readonly number[], expected: readonly number[], digits = 5) => {
  expect(actual).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, digits);
};

const pairsOf = (count: number, rankings: readonly (readonly number[])[]) =>
  judgedPairs({
    responses: Array.from({ length: count }, (_, index) => ({ responseId: `${index}`, tokens: [] })),
    rankings: rankings.map((ranks) => ({ annotatorId: null, ranks })),
  });

/** Flat pairs of prompts as a whole batch. */
function flat(prompts: readonly { responses: number; pairs: readonly JudgedPair[] }[], smoothing = 0): FlatPair[] {
  return flattenPairs(prompts, {
    shareOf: (prompt) => judgementShare(prompt, prompts, 'prompt'),
    termsOf: (_, { margin = 0 }) => ({ ...plainJudge, margin }),
    smoothing,
  });
}

const soft = { kind: 'soft' } as const;
const tieModels: readonly TieModel[] = [soft, { kind: 'davidson', nu: 0.7 }, { kind: 'raoKupper', theta: 1.6 }];
const won = { wins: 1, losses: 0, ties: 0 };

describe('Bradley and Terry', () => {
  it.each([
    [-1, 1.313262],
    [0, Math.LN2],
    [0.5, 0.474077],
    [1, 0.313262],
    [2, 0.126928],
  ])('a pair with difference %d', (difference, loss) => {
    const plain = judgementLoss(difference, won, plainJudge, soft);
    expect(plain.loss).toBeCloseTo(loss, 6);
    expect(plain.byFirst).toBeCloseTo(-sigmoid(-difference), 12);
    const result = differentiate([difference, 0], (x) =>
      rankingLossTensor(engine, x, flat([{ responses: 2, pairs: pairsOf(2, [[1, 2]]) }]), soft),
    );
    expect(result.loss).toBeCloseTo(loss, 5);
    close(result.gradient, [-sigmoid(-difference), sigmoid(-difference)]);
  });

  it.each([
    [[2, 1, 0], 0.25115, [-0.129381, 0, 0.129381]],
    [[1.5, 0.5, 0.2, -1], 0.275368, [-0.093161, -0.056507, 0.068041, 0.081626]],
    [[0, 0, 0, 0], Math.LN2, [-0.25, -0.083333, 0.083333, 0.25]],
  ])('a ranking with scores %j', (scores, loss, gradient) => {
    const pairs = flat([{ responses: scores.length, pairs: pairsOf(scores.length, [scores.map((_, index) => index + 1)]) }]);
    const result = differentiate(scores, (x) => rankingLossTensor(engine, x, pairs, soft));
    expect(result.loss).toBeCloseTo(loss, 5);
    close(result.gradient, gradient);
  });

  it('smooths labels as cDPO does', () => {
    const pairs = flat([{ responses: 2, pairs: pairsOf(2, [[1, 2]]) }], 0.1);
    const { loss } = differentiate([1, 0], (x) => rankingLossTensor(engine, x, pairs, soft));
    expect(loss).toBeCloseTo(0.9 * 0.313262 + 0.1 * 1.313262, 5);
  });

  it('weighs prompts of a batch alike, or judgements', () => {
    const prompts = [
      { responses: 3, pairs: pairsOf(3, [[1, 2, 3]]) },
      { responses: 2, pairs: pairsOf(2, [[1, 1]]) },
    ];
    const pairs = flat(prompts);
    expect(pairs.map(({ first, second }) => [first, second])).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
      [3, 4],
    ]);
    expect(pairs.map(({ losses, ties, wins }) => wins + losses + ties)).toEqual([1 / 6, 1 / 6, 1 / 6, 1 / 2]);
    expect(prompts.map((prompt) => judgementShare(prompt, prompts, 'judgement'))).toEqual([1 / 4, 1 / 4]);
  });
});

describe('Plackett-Luce and best of K', () => {
  it.each([
    [[2, 1, 0], 0.720868, 0.407606],
    [[1.5, 0.5, 0.2, -1], 1.482014, 0.543775],
    [[0, 0, 0, 0], Math.log(24), 1.386294],
    [[2, 1, 0, -1], 1.161057, undefined],
  ])('scores %j', (scores, order, best) => {
    const ranks = scores.map((_, index) => index + 1);
    expect(plackettLuceLoss(scores, ranks)).toBeCloseTo(order, 6);
    const result = differentiate(scores, (x) => choiceLossTensor(engine, x, plackettLuceChoices(ranks, 0, 1)));
    expect(result.loss).toBeCloseTo(order, 5);
    if (best === undefined) return;
    expect(bestOfKLoss(scores, ranks)).toBeCloseTo(best, 6);
    const chosen = differentiate(scores, (x) => choiceLossTensor(engine, x, bestOfKChoices(ranks, 0, 1)));
    expect(chosen.loss).toBeCloseTo(best, 5);
  });

  it('holds tensors, plain numbers and finite differences together, with ties and answers set aside', () => {
    const random = createRandom(5, 'orders');
    const scores = Array.from({ length: 6 }, () => random.normal());
    const ranks = [2, 1, 2, null, 1, 3];
    const kept = ranks.flatMap((rank, index) => (rank === null ? [] : index));
    for (const [choicesOf, plain] of [
      [plackettLuceChoices, plackettLuceLoss],
      [bestOfKChoices, bestOfKLoss],
    ] as const) {
      const of = (values: readonly number[]) =>
        plain(
          kept.map((index) => values[index]!),
          kept.map((index) => ranks[index]!),
        );
      const result = differentiate(scores, (x) => choiceLossTensor(engine, x, choicesOf(ranks, 0, 1)));
      expect(result.loss).toBeCloseTo(of(scores), 5);
      const numeric = scores.map((score, index) => (of(scores.with(index, score + 1e-5)) - of(scores.with(index, score - 1e-5))) / 2e-5);
      close(result.gradient, numeric);
    }
  });

  it('is Bradley and Terry for two', () => {
    expect(plackettLuceLoss([1.2, 0.7], [1, 2])).toBeCloseTo(judgementLoss(0.5, won, plainJudge, soft).loss, 12);
  });
});

describe('ties', () => {
  it("gives Davidson's and Rao and Kupper's probabilities, which sum to 1", () => {
    for (const ties of tieModels.slice(1)) {
      for (const a of [-30, -2, 0, 0.3, 30]) {
        const { first, second, tie } = outcomes(a, ties);
        expect(Math.exp(first.log) + Math.exp(second.log) + Math.exp(tie.log)).toBeCloseTo(1, 12);
      }
    }
    // closed form: 30 and 20 wins, 50 ties are fitted by ln(30 / 20) and nu = 50 / sqrt(600) (Davidson 1970)
    const { first, second, tie } = outcomes(Math.log(30 / 20), { kind: 'davidson', nu: 50 / Math.sqrt(600) });
    close([Math.exp(first.log), Math.exp(second.log), Math.exp(tie.log)], [0.3, 0.2, 0.5], 10);
    const counts = { wins: 30, losses: 20, ties: 50 };
    const best = judgementLoss(Math.log(30 / 20), counts, plainJudge, { kind: 'davidson', nu: 50 / Math.sqrt(600) });
    expect(best.byFirst).toBeCloseTo(0, 10);
    expect(best.byTie).toBeCloseTo(0, 10);
    // at equal rewards Rao and Kupper tie with (theta - 1) / (theta + 1)
    expect(Math.exp(outcomes(0, { kind: 'raoKupper', theta: 1.6 }).tie.log)).toBeCloseTo(0.6 / 2.6, 12);
  });
});

describe('the whole likelihood', () => {
  const counts = { wins: 2, losses: 1, ties: 1.5 };
  const terms = { accuracy: 0.8, temperature: 1.3, shift: 0.4, margin: 0.6 };

  it.each(tieModels)('has the derivatives of its loss: $kind', (ties) => {
    const at = (difference: number, changed: Partial<typeof terms>, tie: TieModel = ties) =>
      judgementLoss(difference, counts, { ...terms, ...changed }, tie);
    const slope = (of: (by: number) => number) => (of(1e-5) - of(-1e-5)) / 2e-5;
    for (const difference of [-1.7, 0, 0.9]) {
      const result = at(difference, {});
      expect(result.byFirst).toBeCloseTo(
        slope((by) => at(difference + by, {}).loss),
        6,
      );
      expect(result.byTemperature).toBeCloseTo(
        slope((by) => at(difference, { temperature: 1.3 + by }).loss),
        6,
      );
      expect(result.byShift).toBeCloseTo(
        slope((by) => at(difference, { shift: 0.4 + by }).loss),
        6,
      );
      expect(result.byAccuracy).toBeCloseTo(
        slope((by) => at(difference, { accuracy: 0.8 + by }).loss),
        6,
      );
      const moved = (by: number): TieModel =>
        ties.kind === 'davidson' ? { ...ties, nu: ties.nu + by } : ties.kind === 'raoKupper' ? { ...ties, theta: ties.theta + by } : ties;
      if (ties.kind !== 'soft') {
        expect(result.byTie).toBeCloseTo(
          slope((by) => at(difference, {}, moved(by)).loss),
          6,
        );
      }
    }
  });

  it.each(tieModels)('is the same on tensors: $kind', (ties) => {
    const random = createRandom(3, 'batches');
    const scores = Array.from({ length: 9 }, () => 2 * random.normal());
    for (const used of [{}, { margin: true }, { accuracy: true }, { temperature: true, shift: true }, { margin: true, accuracy: true }]) {
      const pairs = Array.from({ length: 20 }, (): FlatPair => {
        const first = random.integer(8);
        return {
          first,
          second: first + 1 + random.integer(8 - first),
          wins: random.next(),
          losses: random.next(),
          ties: random.next(),
          terms: {
            accuracy: 'accuracy' in used ? 0.5 + random.next() / 2 : 1,
            temperature: 'temperature' in used ? 0.5 + random.next() : 1,
            shift: 'shift' in used ? random.normal() : 0,
            margin: 'margin' in used ? random.next() : 0,
          },
        };
      });
      let loss = 0;
      const gradient = scores.map(() => 0);
      for (const pair of pairs) {
        const part = judgementLoss(scores[pair.first]! - scores[pair.second]!, pair, pair.terms, ties);
        loss += part.loss;
        gradient[pair.first]! += part.byFirst;
        gradient[pair.second]! -= part.byFirst;
      }
      const result = differentiate(scores, (x) => rankingLossTensor(engine, x, pairs, ties));
      expect(result.loss).toBeCloseTo(loss, 3);
      close(result.gradient, gradient, 4);
    }
  });

  it('agrees on batches of rankings, and centers scores or sums of pairs', () => {
    const random = createRandom(3, 'batches');
    const prompts = [4, 2, 3].map((count) => ({
      responses: count,
      pairs: pairsOf(
        count,
        Array.from({ length: 2 }, () => Array.from({ length: count }, () => 1 + random.integer(3))),
      ),
    }));
    const scores = Array.from({ length: 9 }, () => 2 * random.normal());
    const result = differentiate(scores, (x) => rankingLossTensor(engine, x, flat(prompts), soft));
    let start = 0;
    let loss = 0;
    const gradient = scores.map(() => 0);
    for (const prompt of prompts) {
      const part = rankingLoss(scores.slice(start, start + prompt.responses), prompt.pairs);
      loss += part.loss / 3;
      for (const [index, value] of part.gradient.entries()) gradient[start + index]! += value / 3;
      start += prompt.responses;
    }
    expect(result.loss).toBeCloseTo(loss, 5);
    close(result.gradient, gradient);
    const centered = differentiate(scores, (x) => centeringTensor(engine, x, new Float32Array(9).fill(1 / 9)));
    expect(centered.loss).toBeCloseTo(scores.reduce((sum, score) => sum + score * score, 0) / 9, 5);
    close(
      centered.gradient,
      scores.map((score) => (2 * score) / 9),
    );
    const pair = flat([{ responses: 2, pairs: pairsOf(2, [[2, 1]]) }]);
    expect(differentiate([1.5, -0.25], (x) => pairCenteringTensor(engine, x, pair)).loss).toBeCloseTo(1.25 ** 2, 5);
  });
});

const vectors = process.env.PLUMBLINE_TEST_DATA && join(process.env.PLUMBLINE_TEST_DATA, 'reference-rl', 'vectors.json');

describe.skipIf(!vectors || !existsSync(vectors))('reference-rl (needs PLUMBLINE_TEST_DATA)', () => {
  it('pairwise_reward_loss, with and without margin', () => {
    const { computed } = JSON.parse(readFileSync(vectors as string, 'utf8')) as {
      computed: {
        pairwise_reward_loss: { chosen: number[]; rejected: number[]; loss: number[]; mean: number; grad_chosen: number[] };
        pairwise_reward_loss_with_margin: { margin: number[]; loss: number[] };
      };
    };
    const { chosen, grad_chosen: slopes, loss, mean, rejected } = computed.pairwise_reward_loss;
    const { loss: withMargin, margin: margins } = computed.pairwise_reward_loss_with_margin;
    chosen.forEach((score, index) => {
      const difference = score - rejected[index]!;
      const plain = judgementLoss(difference, won, plainJudge, soft);
      expect(plain.loss).toBeCloseTo(loss[index]!, 9);
      expect(plain.byFirst).toBeCloseTo(slopes[index]!, 9);
      expect(judgementLoss(difference, won, { ...plainJudge, margin: margins[index]! }, soft).loss).toBeCloseTo(withMargin[index]!, 9);
    });
    const prompts = chosen.map(() => ({ responses: 2, pairs: pairsOf(2, [[1, 2]]) }));
    const scores = chosen.flatMap((score, index) => [score, rejected[index]!]);
    const result = differentiate(scores, (x) => rankingLossTensor(engine, x, flat(prompts), soft));
    expect(result.loss / mean).toBeCloseTo(1, 5);
    close(
      result.gradient.filter((_, index) => index % 2 === 0),
      slopes.map((slope) => slope / slopes.length),
    );
    const bounded = flat(
      prompts.map(({ pairs, responses }, index) => ({ responses, pairs: pairs.map((pair) => ({ ...pair, margin: margins[index]! })) })),
    );
    const total = withMargin.reduce((sum, value) => sum + value, 0) / withMargin.length;
    expect(differentiate(scores, (x) => rankingLossTensor(engine, x, bounded, soft)).loss / total).toBeCloseTo(1, 5);
  });
});
