import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { clippedPolicyLoss, clippedValueLoss, entropyOf, klEstimates, type LossAverage, tokenWeights } from '#lib/ml/numerics';
import { dualClipBounds, entropyTensor, klLossTensor, policyLossTensor, reportRatios, valueLossTensor } from '#lib/ml/trainers/ppo-losses';

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

/** Central differences of the loss. */
function slopes(values: readonly number[], loss: (x: Tensor) => Tensor): number[] {
  const step = 1e-2;
  const at = (moved: readonly number[]) => {
    const tensor = engine.tidy(() => loss(engine.float(moved, [moved.length])));
    const [value] = engine.read(tensor);
    engine.dispose(tensor);
    return value as number;
  };
  return values.map((value, index) => (at(values.with(index, value + step)) - at(values.with(index, value - step))) / (2 * step));
}

/** 1 / n each: the mean. */
const equal = (shape: readonly number[]) => engine.float(new Float32Array(shape[0]!).fill(1 / shape[0]!), shape);

describe('PPO losses', () => {
  const numbers = (seed: number, count: number) => {
    const random = createRandom(seed, 'numbers');
    return Array.from({ length: count }, () => random.normal());
  };

  it.each([
    [1, 1.5, -1.2, 0],
    [1, 0.5, -0.5, -0.5],
    [-1, 1.5, 1.5, 1.5],
    [-1, 0.5, 0.8, 0],
  ])('policy: advantage %f, ratio %f', (advantage, ratio, loss, gradient) => {
    const result = differentiate([Math.log(ratio)], (x) =>
      policyLossTensor(engine, x, { old: engine.float([0], [1]), advantages: engine.float([advantage], [1]), weights: equal([1]) }, 0.2),
    );
    expect(result.loss).toBeCloseTo(loss, 5);
    expect(result.gradient[0]).toBeCloseTo(gradient, 5);
  });

  it('policy: the first minibatch has loss -mean(advantage), gradient -advantage / n, ratio 1 and no clipping', () => {
    const old = numbers(1, 6);
    const advantages = numbers(2, 6);
    const result = differentiate(old, (x) =>
      policyLossTensor(engine, x, { old: engine.float(old, [6]), advantages: engine.float(advantages, [6]), weights: equal([6]) }, 0.2),
    );
    expect(result.loss).toBeCloseTo(-advantages.reduce((sum, value) => sum + value, 0) / 6, 5);
    close(
      result.gradient,
      advantages.map((value) => -value / 6),
    );
    const report = reportRatios(old, { old, advantages, weights: tokenWeights([6], 'tokens') }, 0.2);
    expect(report).toMatchObject({ approxKl: 0, clipFraction: 0, maxLogRatio: 0 });
    expect(report.surrogate).toBeCloseTo(result.loss, 5);
  });

  it('policy: stays finite where a log ratio is absurd, and a NaN shows in the report', () => {
    const result = differentiate([500], (x) =>
      policyLossTensor(engine, x, { old: engine.float([0], [1]), advantages: engine.float([-1], [1]), weights: equal([1]) }, 0.2),
    );
    expect(Number.isFinite(result.loss)).toBe(true);
    expect(reportRatios([Number.NaN, 0], { old: [0, 0], advantages: [1, 1], weights: [0.5, 0.5] }, 0.2).maxLogRatio).toBeNaN();
  });

  it('agree with the plain losses', () => {
    const [old, fresh, advantages, returns] = [numbers(4, 40), numbers(5, 40), numbers(6, 40), numbers(7, 40)];
    const policy = differentiate(fresh, (x) =>
      policyLossTensor(engine, x, { old: engine.float(old, [40]), advantages: engine.float(advantages, [40]), weights: equal([40]) }, 0.2),
    );
    expect(policy.loss).toBeCloseTo(
      fresh.reduce((sum, value, t) => sum + clippedPolicyLoss(advantages[t]!, Math.exp(value - old[t]!), 0.2), 0) / 40,
      4,
    );
    const value = differentiate(fresh, (x) =>
      valueLossTensor(engine, x, { old: engine.float(old, [40]), returns: engine.float(returns, [40]), weights: equal([40]) }, 0.2),
    );
    expect(value.loss).toBeCloseTo(fresh.reduce((sum, v, t) => sum + clippedValueLoss(v, old[t]!, returns[t]!, 0.2), 0) / 40, 4);
  });

  it.each([
    [-1, 5, 3, 0],
    [-1, 2, 2, 2],
    [1, 5, -1.2, 0],
  ])('policy: dual clip of 3, advantage %f, ratio %f', (advantage, ratio, loss, gradient) => {
    const result = differentiate([Math.log(ratio)], (x) =>
      policyLossTensor(
        engine,
        x,
        {
          old: engine.float([0], [1]),
          advantages: engine.float([advantage], [1]),
          weights: equal([1]),
          bounds: engine.float(dualClipBounds([advantage], 3), [1]),
        },
        0.2,
      ),
    );
    expect(result.loss).toBeCloseTo(loss, 5);
    expect(result.gradient[0]).toBeCloseTo(gradient, 5);
    expect(clippedPolicyLoss(advantage, ratio, 0.2, 3)).toBeCloseTo(loss, 6);
  });

  it('KL term: the value of k3 with the gradient of k2', () => {
    const [fresh, reference] = [numbers(8, 12), numbers(9, 12)];
    const weights = tokenWeights([5, 7], 'answers');
    const result = differentiate(fresh, (x) => klLossTensor(engine, x, engine.float(reference, [12]), engine.float(weights, [12])));
    const distances = fresh.map((value, t) => value - reference[t]!);
    expect(result.loss).toBeCloseTo(
      distances.reduce((sum, d, t) => sum + weights[t]! * klEstimates(d).k3, 0),
      4,
    );
    close(
      result.gradient,
      distances.map((d, t) => weights[t]! * d),
    );
  });

  it('what each estimator pulls towards, exactly over a small distribution', () => {
    const [policy, reference] = [
      [0.7, 0.2, 0.1],
      [0.5, 0.3, 0.2],
    ];
    const logits = policy.map(Math.log);
    const kl = (from: readonly number[], to: readonly number[]) => from.reduce((sum, p, y) => sum + p * Math.log(p / to[y]!), 0);
    const softmax = (values: readonly number[]) => {
      const all = values.map(Math.exp);
      const total = all.reduce((sum, value) => sum + value, 0);
      return all.map((value) => value / total);
    };
    const slope = (of: (p: readonly number[]) => number) =>
      logits.map((value, y) => (of(softmax(logits.with(y, value + 1e-5))) - of(softmax(logits.with(y, value - 1e-5)))) / 2e-5);
    // grad log pi(y) by logit z: [y = z] - pi(z); expectation over samples of pi
    const expected = (factor: (y: number) => number) =>
      logits.map((_, z) => policy.reduce((sum, p, y) => sum + p * factor(y) * ((y === z ? 1 : 0) - policy[z]!), 0));
    const d = policy.map((p, y) => Math.log(p / reference[y]!));
    const forward = slope((p) => kl(p, reference));
    // in the reward (score function): k1 - and its expectation is the gradient of KL(pi || ref)
    close(
      expected((y) => d[y]!),
      forward,
      6,
    );
    // as a loss: grad k1 = grad log pi vanishes, grad k2 = d grad log pi is the same as above, grad k3 = (1 - e^-d) grad log pi is that of KL(ref || pi)
    close(
      expected(() => 1),
      [0, 0, 0],
      12,
    );
    close(
      expected((y) => 1 - Math.exp(-d[y]!)),
      slope((p) => kl(reference, p)),
      6,
    );
    // in the reward, k3 pulls somewhere else than k1
    const k3 = expected((y) => klEstimates(d[y]!).k3);
    expect(Math.abs(k3[0]! - forward[0]!)).toBeGreaterThan(0.01);
  });

  it('entropy of whole distributions, with its gradient', () => {
    const logits = [0.3, -1, 2, 0.5];
    const total = (x: Tensor) => engine.sum(entropyTensor(engine, engine.reshape(x, [1, 4])));
    const result = differentiate(logits, total);
    const normaliser = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    expect(result.loss).toBeCloseTo(entropyOf(logits.map((value) => value - normaliser)), 5);
    close(result.gradient, slopes(logits, total), 3);
  });

  it('hold against finite differences away from their corners', () => {
    const fresh = [0.1, -0.05, 0.9, -0.9, 0.02];
    const shape = [5];
    const rollout = () => ({
      old: engine.float([0, 0, 0, 0, 0], shape),
      advantages: engine.float([1, -2, 0.5, 1.5, -1], shape),
      returns: engine.float([1, 0.3, -0.4, 2, 0.5], shape),
      weights: engine.float(tokenWeights([2, 3], 'answers'), shape),
    });
    for (const loss of [
      (x: Tensor) => policyLossTensor(engine, x, rollout(), 0.2),
      (x: Tensor) => valueLossTensor(engine, x, rollout(), 0.2),
    ]) {
      close(differentiate(fresh, loss).gradient, slopes(fresh, loss), 2);
    }
  });

  it('value: the published example', () => {
    const result = differentiate([1], (x) =>
      valueLossTensor(engine, x, { old: engine.float([0.5], [1]), returns: engine.float([2], [1]), weights: equal([1]) }, 0.2),
    );
    expect(result.loss).toBeCloseTo(0.845, 5);
    // The clipped term is the larger one and does not depend on V.
    expect(result.gradient[0]).toBeCloseTo(0, 12);
  });
});

const folder = process.env.PLUMBLINE_TEST_DATA;
describe.skipIf(folder === undefined)('reference vectors (PLUMBLINE_TEST_DATA)', () => {
  it('policy and value loss with their gradient', () => {
    const { computed } = JSON.parse(readFileSync(join(folder as string, 'reference-rl/vectors.json'), 'utf8'));
    const flat = (rows: number[][], mask: number[][]) => rows.flatMap((row, r) => row.filter((_, t) => mask[r]![t] === 1));
    const policy = computed.ppo_policy_loss;
    const [old, fresh, advantages] = [policy.old_logprobs, policy.new_logprobs, policy.advantages].map((rows) =>
      flat(rows, policy.mask),
    ) as [number[], number[], number[]];
    const shape = [old.length];
    const lengths = policy.mask.map((row: number[]) => row.reduce((sum, value) => sum + value, 0)) as number[];
    const weights = (average: LossAverage) => engine.float(tokenWeights(lengths, average), shape);
    const rollout = (average: LossAverage) => ({
      old: engine.float(old, shape),
      advantages: engine.float(advantages, shape),
      weights: weights(average),
    });
    const result = differentiate(fresh, (x) => policyLossTensor(engine, x, rollout('tokens'), policy.clip));
    expect(result.loss).toBeCloseTo(policy.loss_token_mean, 5);
    close(result.gradient, flat(policy.grad_new_logprobs_of_token_mean, policy.mask));
    expect(differentiate(fresh, (x) => policyLossTensor(engine, x, rollout('answers'), policy.clip)).loss).toBeCloseTo(
      policy.loss_seq_mean_token_mean,
      5,
    );
    const report = reportRatios(fresh, { old, advantages, weights: tokenWeights(lengths, 'tokens') }, policy.clip);
    expect(report.surrogate).toBeCloseTo(policy.loss_token_mean, 9);
    expect(report.clipFraction).toBeCloseTo(policy.clip_fraction, 9);
    expect(report.approxKl).toBeCloseTo(policy.approx_kl_k2, 9);
    const value = computed.ppo_value_loss;
    const [oldValues, values, returns] = [value.old_values, value.new_values, value.returns].map((rows) => flat(rows, value.mask)) as [
      number[],
      number[],
      number[],
    ];
    const valueLoss = (x: Tensor) =>
      valueLossTensor(
        engine,
        x,
        { old: engine.float(oldValues, shape), returns: engine.float(returns, shape), weights: equal(shape) },
        value.clip,
      );
    const valueResult = differentiate(values, valueLoss);
    expect(valueResult.loss).toBeCloseTo(value.loss_half_mean, 5);
    // where the clipped term is the larger one the gradient is 0, else (V - R) / n
    close(
      valueResult.gradient,
      values.map((v, t) => {
        const bounded = Math.min(Math.max(v, oldValues[t]! - value.clip), oldValues[t]! + value.clip);
        const inside = bounded === v;
        return inside || (v - returns[t]!) ** 2 > (bounded - returns[t]!) ** 2 ? (v - returns[t]!) / values.length : 0;
      }),
    );
  });
});
