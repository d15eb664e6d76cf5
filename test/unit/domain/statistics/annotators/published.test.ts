import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { crowdBtGain, crowdBtPrior, crowdBtUpdate, digamma } from '#lib/domain/statistics/annotators/crowd-bt';
import { type CategoryLabel, dawidSkene } from '#lib/domain/statistics/annotators/dawid-skene';
import { positionBias, positionBiasPower, swappedBias } from '#lib/domain/statistics/annotators/position-bias';
import { goldReliability, peerAgreement } from '#lib/domain/statistics/annotators/reliability';
import { lossWeights } from '#lib/domain/statistics/annotators/weights';
import { binomialTest, jeffreysInterval, wilsonInterval } from '#lib/domain/statistics/proportion';

// Patients by five anaesthetists, the first of whom saw each three times (Dawid and Skene 1979, table 1).
const anaesthesia =
  '111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|222 2 2 2 3|232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|111 1 1 1 1|111 1 1 1 1|222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|111 1 1 1 1|111 1 1 1 1|232 2 2 2 2|111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3|111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3|221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1|111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2';
const labels = anaesthesia
  .split('|')
  .flatMap((row, item): CategoryLabel[] =>
    row.split(' ').flatMap((seen, annotator) => [...seen].map((label) => ({ item: `${item + 1}`, annotator: `${annotator + 1}`, label }))),
  );

describe('Dawid and Skene', () => {
  it('reproduces the anaesthetists', () => {
    const fit = dawidSkene(labels);
    if (!fit.defined) throw new Error(fit.reason);
    expect(fit.converged).toBe(true);
    for (const [at, share] of fit.prior.entries()) expect(share).toBeCloseTo([0.3996, 0.422, 0.1118, 0.0667][at]!, 4);
    expect(fit.logLikelihood).toBeCloseTo(-192.8909, 4);
    for (const [at, row] of fit.annotators[0]!.confusion.entries()) expect(row![at]).toBeCloseTo([0.889, 0.876, 0.661, 0.444][at]!, 3);
    const unsure = fit.items.filter(({ probabilities }) => Math.max(...probabilities) < 0.99).map(({ item }) => item);
    expect(unsure).toEqual(['7', '35', '38']);
    expect(fit.n).toBe(315);
  });

  it('finds known accuracies, and says why it cannot', () => {
    const random = createRandom(5, 'dawid-skene');
    const accuracies = Array.from({ length: 10 }, (_, at) => 0.6 + 0.035 * at);
    let inside = 0;
    let all = 0;
    for (let world = 0; world < 6; world += 1) {
      const truth = Array.from({ length: 300 }, () => random.integer(3));
      const given = truth.flatMap((own, item) =>
        random
          .shuffle([...accuracies.keys()])
          .slice(0, 4)
          .map((who): CategoryLabel => {
            const label = random.next() < accuracies[who]! ? own : (own + 1 + random.integer(2)) % 3;
            return { item: `${item}`, annotator: `${who}`, label: `${label}` };
          }),
      ); // prettier-ignore
      const fit = dawidSkene(given);
      if (!fit.defined) throw new Error(fit.reason);
      for (const { accuracy, annotator } of fit.annotators) {
        all += 1;
        if (accuracy.defined && accuracy.low <= accuracies[Number(annotator)]! && accuracies[Number(annotator)]! <= accuracy.high)
          inside += 1;
      }
    }
    expect(inside / all).toBeGreaterThanOrEqual(0.85);
    expect(dawidSkene([{ item: 'a', annotator: 'k', label: 'x' }])).toMatchObject({
      defined: false,
      reason: 'only one label was ever given',
    });
    expect(dawidSkene(labels.filter(({ annotator }) => annotator === '1'))).toMatchObject({ defined: false });
  });
});

describe('CrowdBT', () => {
  const { annotator } = crowdBtPrior;
  it('updates as gavel does', () => {
    const first = crowdBtUpdate(annotator, crowdBtPrior.item, crowdBtPrior.item);
    expect(first.winner.mean).toBeCloseTo(0.409091, 6);
    expect(first.loser.mean).toBeCloseTo(-0.409091, 6);
    expect(first.winner.variance).toBeCloseTo(0.832645, 6);
    expect([first.annotator.alpha, first.annotator.beta].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([10, 1]);
    const upset = crowdBtUpdate(annotator, { mean: -1, variance: 1 }, { mean: 1, variance: 1 });
    expect(upset.annotator.alpha).toBeCloseTo(8.959134, 6);
    expect(upset.annotator.beta).toBeCloseTo(1.076096, 6);
    expect(upset.winner.mean).toBeCloseTo(-0.544129, 6);
    expect(upset.loser.mean).toBeCloseTo(0.544129, 6);
    expect(upset.loser.variance).toBeCloseTo(1.13937, 5);
    const expected = crowdBtUpdate(annotator, { mean: 1, variance: 1 }, { mean: -1, variance: 1 });
    expect(expected.annotator.alpha).toBeCloseTo(10.682628, 6);
    expect(expected.annotator.beta).toBeCloseTo(0.996913, 6);
    expect(expected.winner.mean).toBeCloseTo(1.10585, 5);
    expect(expected.winner.variance).toBeCloseTo(0.908181, 6);
  });

  it('gains most where the outcome is open', () => {
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 12);
    expect(digamma(0.5)).toBeCloseTo(-1.9635100260214235, 12);
    const item = (mean: number, variance = 1) => ({ mean, variance });
    const open = crowdBtGain(annotator, item(0), item(0));
    expect(open).toBeGreaterThan(crowdBtGain(annotator, item(3), item(-3)));
    expect(open).toBeGreaterThan(crowdBtGain(annotator, item(0, 0.1), item(0, 0.1)));
    expect(open).toBeGreaterThan(crowdBtGain({ alpha: 1, beta: 1 }, item(0), item(0)));
  });
});

describe('position', () => {
  const pairs = (first: number, second: number) => [
    ...Array.from({ length: first }, () => [1, 2]),
    ...Array.from({ length: second }, () => [2, 1]),
  ];

  it('gives the published p-values', () => {
    expect(binomialTest(60, 100)).toBeCloseTo(0.0569, 4);
    expect(binomialTest(540, 1000)).toBeCloseTo(0.01244, 5);
    const bias = positionBias(pairs(560, 440));
    if (!bias.defined) throw new Error(bias.reason);
    expect(bias.flagged).toBe(true);
    expect(bias.logit.defined && bias.logit.value).toBeCloseTo(0.2412, 4);
    expect((560 - 500) / Math.sqrt(250)).toBeCloseTo(3.79, 2);
    const swapped = swappedBias([
      ...Array.from({ length: 25 }, () => ({ once: 'first', swapped: 'first' }) as const),
      ...Array.from({ length: 10 }, () => ({ once: 'second', swapped: 'second' }) as const),
      ...Array.from({ length: 40 }, () => ({ once: 'first', swapped: 'second' }) as const),
    ]);
    expect(swapped.test?.exactP).toBeCloseTo(0.01667, 5);
    expect(swapped.test?.chiSquare).toBeCloseTo(5.6, 10);
    expect(positionBias(pairs(60, 40))).toMatchObject({ flagged: false, n: 100 });
  });

  it('stratifies best places by the number of answers', () => {
    // 3 answers: best at place 1, 2, 3 in 30, 15, 15; 2 answers: 20 and 20
    const three = (slot: number, times: number) => Array.from({ length: times }, () => [0, 1, 2].map((at) => (at === slot ? 1 : 2)));
    const bias = positionBias([...three(0, 30), ...three(1, 15), ...three(2, 15), ...pairs(20, 20)]);
    if (!bias.defined || !bias.slots) throw new Error('undefined');
    // (30 - 20)^2 / 20 + 2 (15 - 20)^2 / 20
    expect(bias.slots.chiSquare).toBeCloseTo(7.5, 12);
    expect(bias.slots.degreesOfFreedom).toBe(3);
    expect(bias.slots.n).toBe(100);
    expect(
      positionBias([
        [1, 1],
        [1, null],
      ]),
    ).toMatchObject({ defined: false, n: 0 });
  });

  it('has the power that the binomial distribution gives, and few false alarms', () => {
    expect(positionBiasPower(0.5, 1000)).toBeLessThanOrEqual(0.05);
    expect(positionBiasPower(0.7, 300)).toBeGreaterThan(0.99);
    expect(positionBiasPower(0.6, 300)).toBeGreaterThan(0.9);
    const random = createRandom(6, 'position');
    const share = (firstShare: number, answers: number, labelsEach: number) => {
      let flagged = 0;
      for (let annotator = 0; annotator < 300; annotator += 1) {
        const judgements = Array.from({ length: labelsEach }, () => {
          const ranks = random.shuffle(Array.from({ length: answers }, (_, at) => at + 1));
          // with the surplus probability the first place is simply taken
          if (random.next() >= (firstShare - 1 / answers) / (1 - 1 / answers)) return ranks;
          return [1, ...ranks.slice(1).map((_, at) => at + 2)];
        });
        const bias = positionBias(judgements);
        if (bias.defined && bias.flagged) flagged += 1;
      }
      return flagged / 300;
    };
    expect(share(0.5, 2, 100)).toBeLessThanOrEqual(0.06);
    expect(share(0.25, 4, 100)).toBeLessThanOrEqual(0.07);
    expect(share(0.7, 2, 100)).toBeGreaterThan(0.9);
    expect(share(0.4, 4, 150)).toBeGreaterThan(0.9);
  });
});

describe('reliability', () => {
  it('has the intervals of Newcombe (1998) and of Jeffreys', () => {
    const told = (successes: number, trials: number) => {
      const { high, low } = wilsonInterval(successes, trials) as { low: number; high: number };
      return [low, high].map((bound) => Math.round(bound * 1e4) / 1e4);
    };
    expect([told(81, 263), told(15, 148), told(0, 20), told(1, 29)]).toEqual([
      [0.2553, 0.3662],
      [0.0624, 0.1605],
      [0, 0.1611],
      [0.0061, 0.1718],
    ]);
    const jeffreys = jeffreysInterval(7, 10) as { low: number; high: number };
    // scipy.stats.beta.ppf([.025, .975], 7.5, 3.5)
    expect(jeffreys.low).toBeCloseTo(0.39418168, 7);
    expect(jeffreys.high).toBeCloseTo(0.90730541, 7);
    expect(jeffreysInterval(0, 10)).toMatchObject({ low: 0 });
    const [one] = goldReliability([
      ...Array.from({ length: 9 }, () => ({ annotator: 'k', right: true })),
      { annotator: 'k', right: false },
    ]);
    expect(one).toMatchObject({ annotator: 'k', wilson: { value: 0.9, n: 10 } });
  });

  it('measures agreement with others, and nothing where nobody else labelled', () => {
    const given = ['a', 'b', 'c'].flatMap((item, at) => [
      { item, annotator: 'x', label: '1' },
      { item, annotator: 'y', label: '1' },
      { item, annotator: 'z', label: at === 0 ? '1' : '2' },
    ]);
    const agreement = peerAgreement([...given, { item: 'd', annotator: 'alone', label: '1' }], { random: createRandom(1) });
    // x: with y always, with z in one of three
    expect(agreement.get('x')).toMatchObject({ value: 4 / 6, n: 3 });
    expect(agreement.get('z')).toMatchObject({ value: 1 / 3 });
    expect(agreement.get('alone')).toMatchObject({ defined: false });
  });

  it('weighs by what a label carries', () => {
    const weights = lossWeights([
      { annotator: 'good', accuracy: 0.9, judgements: 100 },
      { annotator: 'fair', accuracy: 0.7, judgements: 100 },
      { annotator: 'coin', accuracy: 0.45, judgements: 100 },
    ]);
    expect(weights.good! / weights.fair!).toBeCloseTo(2, 12);
    expect(weights.coin).toBe(0);
    expect((weights.good! + weights.fair! + weights.coin!) / 3).toBeCloseTo(1, 12);
    expect(lossWeights([{ annotator: 'coin', accuracy: 0.5, judgements: 3 }])).toEqual({ coin: 1 });
  });
});
