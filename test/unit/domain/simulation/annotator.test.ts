import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { annotatorConfig, noiseScale, rankDisplayed } from '#lib/domain/simulation/annotator';
import { normalCdf } from '#lib/domain/statistics/distribution';
import { wilsonInterval } from '#lib/domain/statistics/proportion';

const inside = (successes: number, trials: number, expected: number) => {
  // 99.9 %: a seeded test that fails once in a thousand wordings of itself.
  const interval = wilsonInterval(successes, trials, 0.999);
  if (!interval.defined) throw new Error('undefined');
  expect(expected).toBeGreaterThan(interval.low);
  expect(expected).toBeLessThan(interval.high);
};

describe('rankDisplayed', () => {
  it.each([0.6, 0.85, 0.95])('orders pairs as the gold does with probability %f', (accuracy) => {
    const config = annotatorConfig.parse({ accuracy, tieThreshold: 0, goldScale: 2 });
    const random = createRandom(1, 'accuracy');
    let right = 0;
    for (let trial = 0; trial < 4000; trial += 1) {
      const golds = [2 * random.normal(), 2 * random.normal()];
      const [first, second] = rankDisplayed(config, golds, random) as [number, number];
      if (first < second === golds[0]! > golds[1]!) right += 1;
    }
    inside(right, 4000, accuracy);
  });

  it('is certain at accuracy 1 and ties within the threshold, anchored at the best of a group', () => {
    const config = annotatorConfig.parse({ accuracy: 1, tieThreshold: 0.5 });
    expect(rankDisplayed(config, [0, 1, 2, 1.6], createRandom(1))).toEqual([3, 2, 1, 1]);
    // 0.4 apart each: the third is 0.8 from the first and begins a new group.
    expect(rankDisplayed(config, [0.8, 0.4, 0], createRandom(1))).toEqual([1, 1, 2]);
    expect(rankDisplayed(config, [], createRandom(1))).toEqual([]);
  });

  it('favours the first displayed of equals as often as chosen', () => {
    const config = annotatorConfig.parse({ positionBias: 0.65, tieThreshold: 0 });
    const random = createRandom(2, 'bias');
    let first = 0;
    for (let trial = 0; trial < 4000; trial += 1) if (rankDisplayed(config, [0.3, 0.3], random)[0] === 1) first += 1;
    inside(first, 4000, 0.65);
    const unbiased = annotatorConfig.parse({ tieThreshold: 0 });
    let fair = 0;
    for (let trial = 0; trial < 4000; trial += 1) if (rankDisplayed(unbiased, [0.3, 0.3], random)[0] === 1) fair += 1;
    inside(fair, 4000, 0.5);
  });

  it('ties as often as the threshold says', () => {
    const config = annotatorConfig.parse({ accuracy: 0.8, tieThreshold: 0.4, goldScale: 1 });
    const random = createRandom(3, 'ties');
    let ties = 0;
    for (let trial = 0; trial < 4000; trial += 1) {
      const [a, b] = rankDisplayed(config, [random.normal(), random.normal()], random);
      if (a === b) ties += 1;
    }
    const spread = Math.sqrt(2 * (1 + noiseScale(config) ** 2));
    inside(ties, 4000, 2 * normalCdf(0.4 / spread) - 1);
  });

  it('gives dense ranks and repeats with the same stream', () => {
    const config = annotatorConfig.parse({});
    for (let trial = 0; trial < 50; trial += 1) {
      const golds = Array.from({ length: 5 }, (_, index) => (index * trial) % 3);
      const ranks = rankDisplayed(config, golds, createRandom(trial, 'task'));
      expect(rankDisplayed(config, golds, createRandom(trial, 'task'))).toEqual(ranks);
      const distinct = [...new Set(ranks)].sort((a, b) => a - b);
      expect(distinct).toEqual(distinct.map((_, index) => index + 1));
    }
  });
});
