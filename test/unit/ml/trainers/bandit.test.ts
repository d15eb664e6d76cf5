import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { bandit, banditModel, banditProbabilities } from './bandit';

describe('the one-token bandit', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  it('has the optimum that it says', () => {
    const weights = bandit.reference.map((p, token) => p * Math.exp(bandit.rewards[token]! / bandit.beta));
    const z = weights.reduce((sum, weight) => sum + weight, 0);
    expect(z).toBeCloseTo(bandit.z, 6);
    const optimum = weights.map((weight) => weight / z);
    optimum.forEach((p, token) => {
      expect(p).toBeCloseTo(bandit.optimum[token]!, 6);
    });
    const reward = optimum.reduce((sum, p, token) => sum + p * bandit.rewards[token]!, 0);
    const kl = optimum.reduce((sum, p, token) => sum + p * Math.log(p / bandit.reference[token]!), 0);
    expect(reward).toBeCloseTo(bandit.expectedReward, 6);
    expect(kl).toBeCloseTo(bandit.kl, 6);
    expect(reward - bandit.beta * kl).toBeCloseTo(bandit.objective, 6);
    expect(bandit.beta * Math.log(z)).toBeCloseTo(bandit.objective, 6);
  });

  it('starts at the reference', () => {
    const model = banditModel(engine);
    banditProbabilities(engine, model).forEach((p, token) => {
      expect(p).toBeCloseTo(bandit.reference[token]!, 5);
    });
    model.dispose();
  });
});
