import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine, Tensor } from '#lib/ml/engine/engine';
import { clippedPolicyLoss, clippedValueLoss } from '#lib/ml/numerics';
import { policyLossTensor, reportRatios, valueLossTensor } from '#lib/ml/trainers/ppo-losses';

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
    expect(reportRatios(old, old, advantages, 0.2)).toEqual({ approxKl: 0, clipFraction: 0, maxLogRatio: 0 });
  });

  it('policy: stays finite where a log ratio is absurd, and a NaN shows in the report', () => {
    const result = differentiate([500], (x) =>
      policyLossTensor(engine, x, { old: engine.float([0], [1]), advantages: engine.float([-1], [1]), weights: equal([1]) }, 0.2),
    );
    expect(Number.isFinite(result.loss)).toBe(true);
    expect(reportRatios([Number.NaN, 0], [0, 0], [1, 1], 0.2).maxLogRatio).toBeNaN();
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
    const result = differentiate(fresh, (x) =>
      policyLossTensor(
        engine,
        x,
        { old: engine.float(old, shape), advantages: engine.float(advantages, shape), weights: equal(shape) },
        policy.clip,
      ),
    );
    expect(result.loss).toBeCloseTo(policy.loss_token_mean, 5);
    close(result.gradient, flat(policy.grad_new_logprobs_of_token_mean, policy.mask));
    const report = reportRatios(fresh, old, advantages, policy.clip);
    expect(report.clipFraction).toBeCloseTo(policy.clip_fraction, 9);
    expect(report.approxKl).toBeCloseTo(policy.approx_kl_k2, 9);
    const value = computed.ppo_value_loss;
    const [oldValues, values, returns] = [value.old_values, value.new_values, value.returns].map((rows) => flat(rows, value.mask)) as [
      number[],
      number[],
      number[],
    ];
    const valueResult = differentiate(values, (x) =>
      valueLossTensor(
        engine,
        x,
        { old: engine.float(oldValues, shape), returns: engine.float(returns, shape), weights: equal(shape) },
        value.clip,
      ),
    );
    expect(valueResult.loss).toBeCloseTo(value.loss_half_mean, 5);
  });
});
