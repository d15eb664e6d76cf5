import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { klEstimates } from '#lib/ml/numerics';
import {
  aggregationWeights,
  directPairLoss,
  groupAdvantages,
  groupSurrogate,
  labelledAnswerLoss,
  leaveOneOutAdvantages,
} from '#lib/ml/numerics-direct';
import { answerSums, sumByAnswer } from '#lib/ml/trainers/direct-rows';
import { type DpoConfig, dpoConfig, dpoLossTensor, type FlatDirectPairs, pairLossTensor } from '#lib/ml/trainers/dpo';
import { klTermTensor, surrogateTensor } from '#lib/ml/trainers/group-losses';
import { ktoLossTensor } from '#lib/ml/trainers/kto';
import { predictionBucket } from '#lib/ml/training/target-log-probs';
import { differentiate, expectClose, slopes } from './direct-harness';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

const normals = (seed: number, count: number) => {
  const random = createRandom(seed, 'normals');
  return Array.from({ length: count }, () => random.normal());
};
const floats = (values: readonly number[]) => engine.float(values, [values.length]);

describe('pair losses', () => {
  const beta = 0.1;
  // Delta of the chosen and of the rejected answer; dpo, |d/d chosen|, cDPO, robust, IPO, hinge
  const rows = [
    [0, 0, Math.LN2, 0.05, Math.LN2, Math.LN2, 25, 1],
    [2, -3, 0.474077, 0.037754, 0.524077, 0.411577, 0, 0.5],
    [-5, -9, 0.513015, 0.040131, 0.553015, 0.463015, 1, 0.6],
  ] as const;
  const configs = [
    { loss: 'sigmoid', labelSmoothing: 0 },
    { loss: 'sigmoid', labelSmoothing: 0.1 },
    { loss: 'robust', labelSmoothing: 0.1 },
    { loss: 'ipo', labelSmoothing: 0 },
    { loss: 'hinge', labelSmoothing: 0 },
  ] as const;

  it.each(rows)('%f, %f', (chosen, rejected, dpo, slope, ...others) => {
    const h = chosen - rejected;
    const expected = [dpo, ...others];
    configs.forEach((config, index) => {
      expect(directPairLoss(h, { ...config, beta })).toBeCloseTo(expected[index]!, 5);
      const { gradient, loss } = differentiate(engine, [h], (x) => engine.sum(pairLossTensor(engine, x, { ...config, beta })));
      expect(loss).toBeCloseTo(expected[index]!, 5);
      expectClose(
        gradient,
        slopes([h], ([x]) => directPairLoss(x!, { ...config, beta })),
        4,
      );
    });
    const { gradient } = differentiate(engine, [h], (x) => engine.sum(pairLossTensor(engine, x, { ...configs[0], beta })));
    expect(gradient[0]).toBeCloseTo(-slope, 5);
  });

  it('stay finite far out', () => {
    for (const h of [-1e4, 1e4]) {
      for (const config of configs) expect(Number.isFinite(directPairLoss(h, { ...config, beta }))).toBe(true);
      const { gradient, loss } = differentiate(engine, [h], (x) => engine.sum(pairLossTensor(engine, x, { ...configs[1], beta })));
      expect(Number.isFinite(loss) && Number.isFinite(gradient[0])).toBe(true);
    }
  });

  it.each([
    ['sigmoid', { labelSmoothing: 0.2, sftCoefficient: 0.7 }],
    ['robust', { labelSmoothing: 0.2, sftCoefficient: 0 }],
    ['ipo', { ipoAverage: true, sftCoefficient: 0.7 }],
    ['ipo', { ipoAverage: false, sftCoefficient: 0 }],
    ['hinge', { sftCoefficient: 0 }],
  ] as const)('%s of a batch with shared answers, weights and lengths: %j', (loss, changes) => {
    const config: DpoConfig = dpoConfig.parse({ loss, beta: 0.4, ...changes });
    const reference = normals(1, 5).map((value) => value - 4);
    const lengths = [3, 2, 7, 4, 1];
    const [chosen, rejected] = [
      [0, 1, 4, 0],
      [2, 2, 3, 4],
    ];
    const at = (values: readonly number[], places: readonly number[]) => places.map((place) => values[place] as number);
    const pairs: FlatDirectPairs = {
      chosen: Int32Array.from(chosen!),
      rejected: Int32Array.from(rejected!),
      chosenLengths: at(lengths, chosen!),
      rejectedLengths: at(lengths, rejected!),
      chosenReference: at(reference, chosen!),
      rejectedReference: at(reference, rejected!),
      weights: [0.4, 0.3, 0.2, 0.1],
    };
    const plain = (sums: readonly number[]) =>
      pairs.weights.reduce((total, weight, index) => {
        const [a, b] = [chosen![index]!, rejected![index]!];
        const per = (answer: number) => (config.ipoAverage ? lengths[answer]! : 1);
        const h = (sums[a]! - reference[a]!) / per(a) - (sums[b]! - reference[b]!) / per(b);
        return total + weight * (directPairLoss(h, config) - (config.sftCoefficient * sums[a]!) / lengths[a]!);
      }, 0);
    const sums = normals(2, 5).map((value) => value - 4);
    const result = differentiate(engine, sums, (x) => dpoLossTensor(engine, x, pairs, config));
    expect(result.loss).toBeCloseTo(plain(sums), 5);
    expectClose(result.gradient, slopes(sums, plain), 4);
  });

  it('refuses options of other losses', () => {
    expect(dpoConfig.safeParse({ loss: 'ipo', labelSmoothing: 0.1 }).success).toBe(false);
    expect(dpoConfig.safeParse({ ipoAverage: true }).success).toBe(false);
    expect(dpoConfig.safeParse({ loss: 'robust', labelSmoothing: 0.5 }).success).toBe(false);
  });
});

describe('loss of labelled answers', () => {
  const z0 = 0.5;
  it.each([
    [true, 2, 0.46257],
    [true, 0, 0.512497],
    [false, -3, 0.413382],
  ])('desirable %s, log-ratio %f', (desirable, r, loss) => {
    expect(labelledAnswerLoss(r, { desirable, z0, beta: 0.1, weight: 1 })).toBeCloseTo(loss, 6);
  });

  it('agrees with its tensor on a batch, with no gradient through z0', () => {
    const reference = normals(3, 4);
    const desirable = [true, false, false, true];
    const weights = [0.5, 0.1, 0.2, 0.2];
    const plain = (sums: readonly number[]) =>
      sums.reduce(
        (total, sum, index) =>
          total +
          labelledAnswerLoss(sum - reference[index]!, { desirable: desirable[index]!, z0: 0.3, beta: 0.7, weight: weights[index]! }),
        0,
      );
    const sums = normals(4, 4);
    const labels = { answers: Int32Array.of(0, 1, 2, 3), desirable, reference, weights };
    const result = differentiate(engine, sums, (x) => ktoLossTensor(engine, x, labels, { beta: 0.7, z0: 0.3 }));
    expect(result.loss).toBeCloseTo(plain(sums), 5);
    expectClose(result.gradient, slopes(sums, plain), 4);
  });
});

describe('advantages of a group', () => {
  it.each([
    [
      [1, 0, 0, 1],
      [0.865875, -0.865875, -0.865875, 0.865875],
      [0.666667, -0.666667, -0.666667, 0.666667],
    ],
    [
      [3, 1, 2, 0],
      [1.161805, -0.387268, 0.387268, -1.161805],
      [2, -0.666667, 0.666667, -2],
    ],
  ])('%j', (rewards, normalised, leaveOneOut) => {
    expectClose(groupAdvantages(rewards, 'group', 1e-4), normalised, 6);
    expectClose(leaveOneOutAdvantages(rewards), leaveOneOut, 6);
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    expectClose(
      groupAdvantages(rewards, 'mean-only', 1e-4),
      rewards.map((reward) => reward - mean),
      10,
    );
    // K / (K - 1) (r - mean)
    expectClose(
      leaveOneOutAdvantages(rewards),
      rewards.map((reward) => (4 / 3) * (reward - mean)),
      10,
    );
  });

  it('are exactly 0 where all are worth the same', () => {
    for (const normalise of ['group', 'mean-only'] as const) expect(groupAdvantages([0.1, 0.1, 0.1], normalise, 1e-4)).toEqual([0, 0, 0]);
  });
});

describe('losses over groups', () => {
  it('weighs tokens as DAPO, GRPO and Dr.GRPO do', () => {
    const lengths = [2, 3, 1];
    const sum = (weights: Float64Array) => weights.reduce((all, weight) => all + weight, 0);
    expectClose([...aggregationWeights(lengths, 'token', 4)], Array(6).fill(1 / 6), 10);
    expectClose([...aggregationWeights(lengths, 'sequence', 4)], [1 / 6, 1 / 6, 1 / 9, 1 / 9, 1 / 9, 1 / 3], 10);
    expectClose([...aggregationWeights(lengths, 'constant', 4)], Array(6).fill(1 / 12), 10);
    expect(sum(aggregationWeights(lengths, 'token', 4))).toBeCloseTo(1, 10);
    expect(sum(aggregationWeights(lengths, 'sequence', 4))).toBeCloseTo(1, 10);
  });

  it.each([
    [1, 1.5, -1.28, true],
    [1, 0.5, -0.5, false],
    [-1, 1.5, 1.5, false],
    [-1, 0.5, 0.8, true],
    [1, 1.25, -1.25, false],
  ])('surrogate with clips 0.2 and 0.28: advantage %f, ratio %f', (advantage, ratio, loss, clipped) => {
    const told = groupSurrogate(advantage, Math.log(ratio), { low: 0.2, high: 0.28 });
    expect(told.loss).toBeCloseTo(loss, 10);
    expect(told.clipped).toBe(clipped);
  });

  it('the surrogate agrees with its plain twin, and its gradient with differences', () => {
    const clip = { low: 0.2, high: 0.28 };
    const [fresh, old, advantages] = [normals(5, 8).map((x) => x / 4), normals(6, 8).map((x) => x / 4), normals(7, 8)];
    const weights = [...aggregationWeights([3, 5], 'sequence', 8)];
    const plain = (values: readonly number[]) =>
      values.reduce((sum, value, t) => sum + weights[t]! * groupSurrogate(advantages[t]!, value - old[t]!, clip).loss, 0);
    const rollout = () => ({ old: floats(old), advantages: floats(advantages), weights: floats(weights) });
    const result = differentiate(engine, fresh, (x) => surrogateTensor(engine, x, rollout(), clip));
    expect(result.loss).toBeCloseTo(plain(fresh), 5);
    expectClose(result.gradient, slopes(fresh, plain), 4);
    const onPolicy = differentiate(engine, old, (x) => surrogateTensor(engine, x, rollout(), clip));
    expectClose(
      onPolicy.gradient,
      advantages.map((advantage, t) => -advantage * weights[t]!),
      5,
    );
  });

  it('the KL term is k3 with the gradient of k3 or of k2', () => {
    const [fresh, reference, weights] = [normals(8, 5), normals(9, 5), [0.1, 0.2, 0.3, 0.2, 0.2]];
    const sum = (kind: 'k2' | 'k3') => (values: readonly number[]) =>
      values.reduce((all, value, t) => all + weights[t]! * klEstimates(value - reference[t]!)[kind], 0);
    for (const kind of ['k2', 'k3'] as const) {
      const result = differentiate(engine, fresh, (x) => klTermTensor(engine, x, floats(reference), floats(weights), kind));
      expect(result.loss).toBeCloseTo(sum('k3')(fresh), 5);
      expectClose(result.gradient, slopes(fresh, sum(kind)), 3);
    }
  });

  it('on average over the policy the gradient of k2 is that of KL(pi || ref), the gradient of k3 that of KL(ref || pi)', () => {
    const [logits, reference] = [
      [0.9, -0.2, -0.5],
      [0.5, 0.3, 0.2],
    ];
    const softmax = (values: readonly number[]) => {
      const powers = values.map(Math.exp);
      return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
    };
    const pi = softmax(logits!);
    const divergence = (a: readonly number[], b: readonly number[]) => a.reduce((all, p, t) => all + p * Math.log(p / b[t]!), 0);
    const expected = {
      k2: (x: readonly number[]) => divergence(softmax(x), reference!),
      k3: (x: readonly number[]) => divergence(reference!, softmax(x)),
    };
    for (const kind of ['k2', 'k3'] as const) {
      // every answer of one token, weighed by how often the policy gives it
      const { gradient } = differentiate(engine, logits!, (x) =>
        klTermTensor(
          engine,
          engine.reshape(engine.logSoftmax(engine.reshape(x, [1, 3])), [3]),
          floats(reference!.map(Math.log)),
          floats(pi),
          kind,
        ),
      );
      expectClose(gradient, slopes(logits!, expected[kind]), 4);
    }
  });

  it('sums of answers agree with plain ones, with their gradient', () => {
    const lengths = [3, 1, 4];
    const values = normals(10, predictionBucket(8));
    const sums = sumByAnswer(values, lengths);
    const weights = [2, -1, 0.5];
    const result = differentiate(engine, values, (x) => {
      const all = answerSums(engine, x, lengths, 16);
      expect(all.shape).toEqual([16]);
      return engine.sum(engine.mul(all, engine.float([...weights, ...Array<number>(13).fill(7)], [16])));
    });
    expect(result.loss).toBeCloseTo(2 * sums[0]! - sums[1]! + 0.5 * sums[2]!, 5);
    expectClose(result.gradient, [2, 2, 2, -1, 0.5, 0.5, 0.5, 0.5, ...Array<number>(values.length - 8).fill(0)], 5);
  });
});

const folder = process.env.PLUMBLINE_TEST_DATA;

describe.skipIf(folder === undefined)('reference vectors (PLUMBLINE_TEST_DATA)', () => {
  interface Vectors {
    readonly published: {
      readonly group_normalised_rewards_cs336: {
        readonly rewards: number[];
        readonly group_size: number;
        readonly eps: number;
        readonly normalised_by_std: number[];
        readonly mean_only: number[];
      };
      readonly rloo_baseline_nemo_aligner: {
        readonly prompt_group: string[];
        readonly rewards: number[];
        readonly valid_mask: number[];
        readonly baseline: number[];
      };
    };
    readonly computed: {
      readonly dpo_loss: Record<'policy_chosen' | 'policy_rejected' | 'ref_chosen' | 'ref_rejected', number[]> & {
        readonly beta: number;
        readonly loss: number[];
        readonly loss_label_smoothing_0_1: number[];
        readonly ipo_loss: number[];
      };
      readonly group_advantages: {
        readonly group: number[];
        readonly rewards: number[];
        readonly grpo_unbiased_std_eps_1e_6: number[];
        readonly rloo: number[];
      };
    };
  }
  const vectors = () => JSON.parse(readFileSync(join(folder as string, 'reference-rl', 'vectors.json'), 'utf8')) as Vectors;

  it('DPO, cDPO and IPO', () => {
    const given = vectors().computed.dpo_loss;
    const h = given.loss.map(
      (_, index) => given.policy_chosen[index]! - given.ref_chosen[index]! - (given.policy_rejected[index]! - given.ref_rejected[index]!),
    );
    const losses = (loss: 'sigmoid' | 'ipo', labelSmoothing: number) =>
      h.map((value) => directPairLoss(value, { loss, labelSmoothing, beta: given.beta }));
    expect(h).toHaveLength(5);
    expectClose(losses('sigmoid', 0), given.loss, 9);
    expectClose(losses('sigmoid', 0.1), given.loss_label_smoothing_0_1, 9);
    expectClose(losses('ipo', 0), given.ipo_loss, 7);
  });

  it('group advantages', () => {
    const given = vectors().computed.group_advantages;
    for (const group of new Set(given.group)) {
      const of = (values: readonly number[]) => values.filter((_, index) => given.group[index] === group);
      expectClose(groupAdvantages(of(given.rewards), 'group', 1e-6), of(given.grpo_unbiased_std_eps_1e_6), 9);
      expectClose(leaveOneOutAdvantages(of(given.rewards)), of(given.rloo), 9);
    }
  });

  it('published group-normalised rewards', () => {
    const given = vectors().published.group_normalised_rewards_cs336;
    for (let start = 0; start < given.rewards.length; start += given.group_size) {
      const of = (values: readonly number[]) => values.slice(start, start + given.group_size);
      expectClose(groupAdvantages(of(given.rewards), 'group', given.eps), of(given.normalised_by_std), 5);
      expectClose(groupAdvantages(of(given.rewards), 'mean-only', given.eps), of(given.mean_only), 6);
    }
  });

  it('published leave-one-out baselines', () => {
    const given = vectors().published.rloo_baseline_nemo_aligner;
    for (const name of new Set(given.prompt_group)) {
      const of = (values: readonly number[]) =>
        values.filter((_, index) => given.prompt_group[index] === name && given.valid_mask[index] === 1);
      const rewards = of(given.rewards);
      expectClose(
        leaveOneOutAdvantages(rewards).map((advantage, index) => rewards[index]! - advantage),
        of(given.baseline),
        9,
      );
    }
  });
});
