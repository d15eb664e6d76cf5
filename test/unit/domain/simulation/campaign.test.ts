import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { annotatorConfig, rankDisplayed } from '#lib/domain/simulation/annotator';
import { type CampaignReport, simulateCampaign } from '#lib/domain/simulation/campaign';
import { accuracyFromAgreement, campaignConfig } from '#lib/domain/simulation/campaign-config';
import { fitLinearReward } from '#lib/domain/simulation/linear-reward';
import { AppError } from '#lib/errors';

function campaign(config: Record<string, unknown>): CampaignReport {
  const simulation = simulateCampaign(campaignConfig.parse({ crew: [{ people: 6, accuracy: 0.85 }], dimension: 12, worlds: 4, ...config }));
  let step = simulation.next();
  while (!step.done) step = simulation.next();
  return step.value;
}
const at = (report: CampaignReport, overlap: number, labels: number) =>
  report.cells.find((cell) => cell.overlap === overlap && cell.labels === labels)!;

describe('simulated campaign', () => {
  const small = { labels: [16, 200, 1000], overlaps: [1, 4], target: 0.8 };

  it('learns more from more labels, never more than can be expressed, and says what the target costs', () => {
    const report = campaign(small);
    expect(report.ceiling).toBeCloseTo(0.5 + Math.asin(Math.sqrt(0.8)) / Math.PI, 12);
    for (const overlap of [1, 4]) {
      const values = small.labels.map((labels) => at(report, overlap, labels).accuracy.value);
      expect(values).toEqual([...values].sort((a, b) => a - b));
      expect(values.at(-1)).toBeLessThan(report.ceiling);
    }
    // the same money says more about 200 tasks than about 50
    expect(at(report, 1, 200).accuracy.value).toBeGreaterThan(at(report, 4, 200).accuracy.value);
    expect(at(report, 4, 200)).toMatchObject({ tasks: 50, cost: 100 });
    expect(at(report, 4, 200).hours).toBeCloseTo(400 / 60, 12);
    expect(report.cheapest).toMatchObject({ overlap: 1 });
    expect(report.cheapest!.labels).toBeGreaterThan(0);
    expect(report.cheapest!.labels).toBeLessThan(report.plans.find(({ overlap }) => overlap === 4)!.labels);
    expect(report.oneMore.sameTasks!.value).toBeGreaterThan(0);
    expect(campaign(small)).toEqual(report);
    expect(campaign({ ...small, seed: 2 }).cells).not.toEqual(report.cells);
  });

  it('gains from weighing people, where they differ', () => {
    const crew = [
      { people: 3, accuracy: 0.92 },
      { people: 3, accuracy: 0.52 },
    ];
    const told = { crew, labels: [100], overlaps: [2], dimension: 32, worlds: 8 };
    const equal = at(campaign(told), 2, 100).accuracy;
    const weighed = at(campaign({ ...told, weights: 'agreement' }), 2, 100).accuracy;
    expect(weighed.value).toBeGreaterThan(equal.value + 0.01);
  });

  it('says why a target is out of reach, and refuses more judges than there are', () => {
    expect(campaign({ ...small, target: 0.9 })).toMatchObject({ cheapest: null, plans: [] });
    expect(campaign({ ...small, target: 0.9 }).reason).toContain('cannot express more than 80 %');
    expect(campaign({ ...small, labels: [40], target: 0.84 }).reason).toContain('the most labels that were allowed reach');
    expect(() => campaign({ ...small, overlaps: [7] })).toThrow(AppError);
  });

  it('reads accuracy off the agreement of two people', () => {
    const accuracy = accuracyFromAgreement(0.73);
    const config = annotatorConfig.parse({ accuracy, tieThreshold: 0, goldScale: 1 });
    const random = createRandom(8, 'agreement');
    let agreed = 0;
    for (let pair = 0; pair < 20_000; pair += 1) {
      const golds = [random.normal(), random.normal()];
      const [one, other] = [rankDisplayed(config, golds, random), rankDisplayed(config, golds, random)];
      if (one[0] === other[0]) agreed += 1;
    }
    expect(agreed / 20_000).toBeCloseTo(0.73, 2);
    expect(accuracyFromAgreement(1)).toBe(1);
    expect(() => accuracyFromAgreement(0.5)).toThrow(RangeError);
  });

  it('fits the reward where the penalised likelihood is level', () => {
    // one feature, 3 wins and 1 loss at difference 2: sigmoid(2 b) = 3/4 without a prior
    const pairs = { dimension: 1, differences: Float64Array.of(2), wins: Float64Array.of(3), losses: Float64Array.of(1) };
    expect(fitLinearReward(pairs, 1, 1e6)[0]).toBeCloseTo(Math.log(3) / 2, 6);
    const beta = fitLinearReward(pairs, 1, 1)[0]!;
    expect(2 * (3 - 4 / (1 + Math.exp(-2 * beta))) - beta).toBeCloseTo(0, 6);
  });
});
