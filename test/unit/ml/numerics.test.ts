import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  adaptKlCoefficient,
  addMoment,
  clippedPolicyLoss,
  clippedValueLoss,
  entropyOf,
  explainedVariance,
  generalisedAdvantages,
  klEstimates,
  logSigmoid,
  moments,
  noMoments,
  pairLoss,
  scoreWithEnding,
  scoreWithLength,
  shapedRewards,
  standardErrors,
  tokenWeights,
  whiten,
} from '#lib/ml/numerics';

const close = (actual: ArrayLike<number>, expected: readonly number[], digits = 6) => {
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, digits);
};

describe('pair loss', () => {
  it.each([
    [-1, 1.313262],
    [0, Math.LN2],
    [0.5, 0.474077],
    [1, 0.313262],
    [2, 0.126928],
  ])('-log sigmoid(%f) = %f', (difference, expected) => expect(pairLoss(difference, 0)).toBeCloseTo(expected, 6));

  it('stays finite far out', () => {
    expect(pairLoss(-800, 800)).toBe(1600);
    expect(logSigmoid(-1e8)).toBe(-1e8);
    expect(Math.abs(pairLoss(800, -800))).toBe(0);
  });
});

describe('KL estimators', () => {
  it.each([
    [0.1, 0.1, 0.005, 0.004837],
    [-0.1, -0.1, 0.005, 0.005171],
    [0.5, 0.5, 0.125, 0.106531],
    [-0.5, -0.5, 0.125, 0.148721],
    [1, 1, 0.5, 0.367879],
  ])('d = %f', (d, k1, k2, k3) => {
    const estimates = klEstimates(d);
    close([estimates.k1, estimates.k2, estimates.k3], [k1, k2, k3]);
  });

  it('average to the exact divergence of a small distribution', () => {
    const policy = [0.7, 0.2, 0.1];
    const reference = [0.5, 0.3, 0.2];
    const each = policy.map((p, index) => klEstimates(Math.log(p / reference[index]!)));
    const expectation = (pick: (index: number) => number) => policy.reduce((sum, p, index) => sum + p * pick(index), 0);
    close(
      each.map((estimate) => estimate.k1),
      [0.336472, -0.405465, -Math.LN2],
    );
    close(
      each.map((estimate) => estimate.k3),
      [0.050758, 0.094535, 0.306853],
    );
    close(
      [expectation((i) => each[i]!.k1), expectation((i) => each[i]!.k2), expectation((i) => each[i]!.k3)],
      [0.085123, 0.080088, 0.085123],
    );
  });
});

describe('KL estimators between normal distributions (Schulman)', () => {
  /** Mean and deviation over x ~ N(0, 1) of each estimator with d = log N(x; 0, 1) - log N(x; mu, 1), by the trapezoid rule. */
  const statistics = (mu: number, pick: 'k1' | 'k2' | 'k3') => {
    const step = 1e-3;
    let mean = 0;
    let square = 0;
    for (let x = -12; x <= 12; x += step) {
      const weight = (step * Math.exp(-(x * x) / 2)) / Math.sqrt(2 * Math.PI);
      const value = klEstimates((mu * mu) / 2 - mu * x)[pick];
      mean += weight * value;
      square += weight * value * value;
    }
    const kl = (mu * mu) / 2;
    return { bias: mean / kl - 1, deviation: Math.sqrt(square - mean * mean) / kl };
  };

  it.each([
    ['k1', 0.1, 0, 20],
    ['k2', 0.1, 0.0025, 1.418],
    ['k3', 0.1, 0, 1.417],
    ['k1', 1, 0, 2],
    ['k2', 1, 0.25, 1.732],
    ['k3', 1, 0, 1.695],
  ] as const)('%s at distance %f: bias %f, deviation %f of the true KL', (pick, mu, bias, deviation) => {
    const found = statistics(mu, pick);
    expect(found.bias).toBeCloseTo(bias, 5);
    expect(Math.abs(found.deviation - deviation)).toBeLessThan(6e-4);
  });
});

describe('generalised advantages', () => {
  const rewards = [-0.1, -0.2, 0.95];
  const values = [0.5, 0.4, 0.3];
  it.each([
    [0.95, [0.101625, 0.3175, 0.65], [0.601625, 0.7175, 0.95]],
    [1, [0.15, 0.35, 0.65], [0.65, 0.75, 0.95]],
    [0, [-0.2, -0.3, 0.65], [0.3, 0.1, 0.95]],
  ])('lambda %f', (lambda, advantages, returns) => {
    const result = generalisedAdvantages(rewards, values, 1, lambda);
    close(result.advantages, advantages);
    close(result.returns, returns);
  });

  it('whitens with either denominator', () => {
    const { advantages } = generalisedAdvantages(rewards, values, 1, 0.95);
    close(whiten([advantages], { ddof: 1 })[0]!, [-0.922183, -0.140726, 1.062909]);
    close(whiten([advantages])[0]!, [-1.129439, -0.172353, 1.301792]);
    // Cut in two rows: the same numbers.
    const cut = whiten([advantages.slice(0, 1), advantages.slice(1)]);
    close([...cut[0]!, ...cut[1]!], [-1.129439, -0.172353, 1.301792]);
  });
});

describe('clipped losses', () => {
  it.each([
    [1, 1.5, -1.2],
    [1, 0.5, -0.5],
    [-1, 1.5, 1.5],
    [-1, 0.5, 0.8],
    [-1, 5, 5],
  ])('advantage %f, ratio %f', (advantage, ratio, loss) => expect(clippedPolicyLoss(advantage, ratio, 0.2)).toBeCloseTo(loss, 12));

  it('bounds a negative advantage with the dual clip', () => expect(clippedPolicyLoss(-1, 5, 0.2, 3)).toBe(3));

  it('takes the worse of the clipped and the free value', () => expect(clippedValueLoss(1, 0.5, 2, 0.2)).toBeCloseTo(0.845, 12));
});

describe('KL coefficient', () => {
  it.each([
    [9, 0.201024],
    [6.6, 0.200512],
    [6, 0.2],
    [3, 0.198976],
  ])('KL %f against target 6', (measured, expected) =>
    expect(adaptKlCoefficient(0.2, measured, { target: 6, horizon: 10000, episodes: 256 })).toBeCloseTo(expected, 9),
  );

  it('compounds', () => {
    let beta = 0.15;
    for (let update = 0; update < 100; update += 1) beta = adaptKlCoefficient(beta, 12, { target: 6, horizon: 10000, episodes: 512 });
    expect(beta).toBeCloseTo(0.415477, 6);
  });
});

describe('token rewards', () => {
  it('sum to the score less the penalised divergence', () => {
    const policy = [-1.2, -0.3, -2];
    const reference = [-1, -0.7, -2.5];
    const rewards = shapedRewards(policy, reference, 1.5, 0.05);
    close(rewards, [0.01, -0.02, 1.475]);
    expect(rewards.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1.5 - 0.05 * 0.7, 12);
    expect(shapedRewards([], [], 3, 0.1)).toHaveLength(0);
  });

  it('take any estimator, and the sum is the score less beta times its sum', () => {
    const policy = [-1.2, -0.3, -2];
    const reference = [-1, -0.7, -2.5];
    const distances = policy.map((value, t) => value - reference[t]!);
    for (const estimator of ['k1', 'k2', 'k3'] as const) {
      const rewards = shapedRewards(policy, reference, 1.5, 0.05, estimator);
      const kl = distances.reduce((sum, d) => sum + klEstimates(d)[estimator], 0);
      expect(rewards.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1.5 - 0.05 * kl, 12);
    }
  });

  it('replaces the score of an answer that is too short, and of no other', () => {
    const rule = { tokens: 2, score: -1 };
    expect([0, 1, 2, 3].map((length) => scoreWithLength(0.4, length, rule))).toEqual([-1, -1, 0.4, 0.4]);
    expect(scoreWithLength(0.4, 0, null)).toBe(0.4);
  });

  it('tells the three endings apart', () => {
    expect(scoreWithEnding(0.4, true, { kind: 'replace', score: -1 })).toBe(0.4);
    expect(scoreWithEnding(0.4, false, { kind: 'replace', score: -1 })).toBe(-1);
    expect(scoreWithEnding(0.4, false, { kind: 'subtract', penalty: 1 })).toBe(-0.6);
    expect(scoreWithEnding(0.4, false, { kind: 'none' })).toBe(0.4);
  });
});

describe('explained variance', () => {
  it('is 1, 0 and undefined where it should be', () => {
    expect(explainedVariance([[1, 2], [3]], [[1, 2], [3]])).toBe(1);
    expect(explainedVariance([[5, 5], [5]], [[1, 2], [3]])).toBe(0);
    expect(explainedVariance([[1]], [[1]])).toBeNaN();
  });
});

describe('averages and running statistics', () => {
  it('weighs tokens alike or answers alike', () => {
    close(tokenWeights([1, 3], 'tokens'), [0.25, 0.25, 0.25, 0.25]);
    close(tokenWeights([1, 3], 'answers'), [1 / 2, 1 / 6, 1 / 6, 1 / 6]);
  });

  it('knows the entropy of a small distribution', () => {
    expect(entropyOf([0.7, 0.2, 0.1].map(Math.log))).toBeCloseTo(0.801819, 6);
    expect(entropyOf([0, -Infinity])).toBeCloseTo(0, 12);
  });

  it('collects mean and standard error one value at a time', () => {
    const values = [0.3, -1.2, 2.5, 0.1, 0.4, -0.7];
    const running = values.reduce(addMoment, noMoments);
    const { mean, variance } = moments([values], 1);
    expect(running.mean).toBeCloseTo(mean, 12);
    expect(standardErrors(running)).toBeCloseTo(mean / Math.sqrt(variance / 6), 10);
    expect(standardErrors([0, 0, 0].reduce(addMoment, noMoments))).toBe(0);
    expect(standardErrors([-1, -1, -1].reduce(addMoment, noMoments))).toBe(-Infinity);
  });
});

const folder = process.env.PLUMBLINE_TEST_DATA;
describe.skipIf(folder === undefined)('reference vectors (PLUMBLINE_TEST_DATA)', () => {
  const vectors = folder === undefined ? undefined : JSON.parse(readFileSync(join(folder, 'reference-rl/vectors.json'), 'utf8'));
  type Rows = number[][];
  const ragged = (rows: Rows, mask: Rows): Rows => rows.map((row, r) => row.filter((_, t) => mask[r]![t] === 1));

  it('gae', () => {
    expect(vectors.computed.gae.length).toBeGreaterThan(0);
    for (const example of vectors.computed.gae) {
      const rewards = ragged(example.rewards, example.mask);
      const values = ragged(example.values, example.mask);
      const advantages = ragged(example.advantages, example.mask);
      const returns = ragged(example.returns, example.mask);
      rewards.forEach((row, r) => {
        const result = generalisedAdvantages(row, values[r]!, example.gamma, example.lam);
        close(result.advantages, advantages[r]!, 9);
        close(result.returns, returns[r]!, 9);
      });
    }
    const published = vectors.published.gae_nemo_aligner;
    const result = generalisedAdvantages(published.rewards[0], published.values[0], published.gamma, published.lam);
    close(result.advantages, published.advantages, 12);
    close(result.returns, published.returns, 12);
  });

  it('leaves masked tokens out of advantages', () => {
    const example = vectors.published.gae_ignores_masked_tokens_verl;
    const rewards = ragged(example.rewards, example.response_mask)[0]!;
    const result = generalisedAdvantages(rewards, example.values_at_mask_1, 1, 1);
    // lambda = gamma = 1: the advantage is the reward to go less the value.
    close(result.advantages, [1.4 - 4, 1.3 - 5, 1.2 - 6, 1.1 - 7, 1.0 - 9], 9);
  });

  it('masked statistics and whitening', () => {
    const published = vectors.published.masked_stats_trl;
    const kept = published.values.filter((_: number, index: number) => published.mask[index] === 1);
    expect(moments([kept], 1)).toMatchObject({ mean: published.mean, variance: published.var_unbiased });
    close(whiten([kept], { ddof: 1 })[0]!, published.whitened_where_masked, 7);
    const example = vectors.computed.masked_whiten;
    const rows = ragged(example.values, example.mask);
    for (const [r, row] of whiten(rows, { ddof: 1 }).entries()) close(row, ragged(example.whitened, example.mask)[r]!, 9);
    for (const [r, row] of whiten(rows, { ddof: 1, keepMean: true }).entries())
      close(row, ragged(example.whitened_keep_mean, example.mask)[r]!, 9);
  });

  it('entropy', () => {
    const { entropy_bits: bits, probs } = vectors.published.entropy_nemo_aligner;
    expect(entropyOf(probs.map(Math.log)) / Math.LN2).toBeCloseTo(bits, 12);
  });

  it('loss aggregation', () => {
    const { loss, mask, seq_mean_token_mean: byAnswer, token_mean: byToken } = vectors.published.loss_aggregation_openrlhf;
    const rows = ragged(loss, mask);
    const lengths = rows.map((row) => row.length);
    const mean = (weights: Float64Array) => rows.flat().reduce((sum, value, t) => sum + value * weights[t]!, 0);
    expect(mean(tokenWeights(lengths, 'tokens'))).toBeCloseTo(byToken, 12);
    expect(mean(tokenWeights(lengths, 'answers'))).toBeCloseTo(byAnswer, 12);
  });

  it('policy loss, clip fraction and KL estimates', () => {
    const example = vectors.computed.ppo_policy_loss;
    const flat = (rows: Rows) => ragged(rows, example.mask).flat();
    const [old, fresh, advantages] = [flat(example.old_logprobs), flat(example.new_logprobs), flat(example.advantages)];
    const losses = fresh.map((value, index) => clippedPolicyLoss(advantages[index]!, Math.exp(value - old[index]!), example.clip));
    close(losses, flat(example.token_loss), 9);
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(example.loss_token_mean, 9);
    const mean = (pick: (d: number) => number) => fresh.reduce((sum, value, index) => sum + pick(old[index]! - value), 0) / fresh.length;
    expect(mean((d) => klEstimates(d).k1)).toBeCloseTo(example.approx_kl_k1, 9);
    expect(mean((d) => klEstimates(d).k2)).toBeCloseTo(example.approx_kl_k2, 9);
    expect(mean((d) => klEstimates(d).k3)).toBeCloseTo(example.approx_kl_k3, 9);
  });

  it('value loss', () => {
    const example = vectors.computed.ppo_value_loss;
    const flat = (rows: Rows) => ragged(rows, example.mask).flat();
    const [old, fresh, returns] = [flat(example.old_values), flat(example.new_values), flat(example.returns)];
    const losses = fresh.map((value, index) => clippedValueLoss(value, old[index]!, returns[index]!, example.clip));
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(example.loss_half_mean, 9);
  });

  it('KL-penalised rewards', () => {
    const example = vectors.computed.kl_penalised_rewards;
    const policy = ragged(example.policy_logprobs, example.mask);
    const reference = ragged(example.ref_logprobs, example.mask);
    for (const [r, row] of policy.entries()) {
      close(shapedRewards(row, reference[r]!, example.scores[r], example.beta), ragged(example.token_rewards, example.mask)[r]!, 9);
    }
    const sums = policy.map((row, r) => row.reduce((sum, value, t) => sum + value - reference[r]![t]!, 0));
    expect(sums.reduce((sum, value) => sum + value, 0) / sums.length).toBeCloseTo(example.mean_sequence_kl_k1, 9);
  });

  it('pairwise losses, with and without margin', () => {
    const { chosen, rejected, loss } = vectors.computed.pairwise_reward_loss;
    const margins = vectors.computed.pairwise_reward_loss_with_margin;
    close(
      chosen.map((value: number, index: number) => pairLoss(value, rejected[index])),
      loss,
      9,
    );
    close(
      chosen.map((value: number, index: number) => pairLoss(value, rejected[index], margins.margin[index])),
      margins.loss,
      9,
    );
  });
});
