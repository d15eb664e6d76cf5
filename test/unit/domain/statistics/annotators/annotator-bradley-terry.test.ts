import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { fitLinearReward } from '#lib/domain/simulation/linear-reward';
import { type AnnotatedPair, fitAnnotators } from '#lib/domain/statistics/annotators/annotator-bradley-terry';
import { lossWeights } from '#lib/domain/statistics/annotators/weights';
import { pairedDifference } from '#lib/domain/statistics/difference';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { drawPairs, drawRewards, type PairWorldPlan, rightShare } from '../../../../../scripts/bench/annotators-worlds';

const covers = (estimate: Estimate | null, truth: number) => estimate?.defined === true && estimate.low <= truth && truth <= estimate.high;
const numberOf = (estimate: Estimate | null) => (estimate?.defined ? estimate.value : Number.NaN);

function fitted(...given: Parameters<typeof fitAnnotators>) {
  const fit = fitAnnotators(...given);
  if (!fit.defined) throw new Error(fit.reason);
  return fit;
}

describe('Bradley-Terry that knows annotators', () => {
  const systems: PairWorldPlan = { tasks: 2000, overlap: 1, annotators: 20, spread: 2, shared: true, position: 0 };

  it('holds known accuracies within 95 % intervals as often as said: systems that all tasks share', () => {
    let inside = 0;
    for (let world = 1; world <= 8; world += 1) {
      const { eta, rows } = drawPairs(systems, createRandom(world, 'systems'));
      const fit = fitted(rows);
      expect(fit.converged).toBe(true);
      expect(fit.n).toBe(2000);
      inside += fit.annotators.filter(({ accuracy, annotator }) => covers(accuracy, eta[Number(annotator)]!)).length;
    }
    expect(inside / 160).toBeGreaterThanOrEqual(0.9);
    expect(inside / 160).toBeLessThanOrEqual(0.99);
  });

  it('does so for answers of one task each, with what the first place is worth', () => {
    const own = { tasks: 500, overlap: 5, annotators: 20, spread: 1.5, shared: false, position: 0.6 };
    const inside = { right: 0, position: 0 };
    for (let world = 1; world <= 3; world += 1) {
      const { eta, gamma, rows } = drawPairs(own, createRandom(world, 'own answers'));
      const fit = fitted(rows, { terms: ['accuracy', 'position'] });
      for (const { annotator, position, right } of fit.annotators) {
        if (covers(right, rightShare(eta[Number(annotator)]!, own.spread))) inside.right += 1;
        if (covers(position, gamma[Number(annotator)]!)) inside.position += 1;
      }
    }
    for (const count of Object.values(inside)) {
      expect(count / 60).toBeGreaterThanOrEqual(0.9);
      expect(count / 60).toBeLessThanOrEqual(1);
    }
  });

  it('does not take wide strengths for low accuracy where a task has three labels', () => {
    const own = { tasks: 1000, overlap: 3, annotators: 20, spread: 2, shared: false, position: 0 };
    let inside = 0;
    for (let world = 4; world <= 6; world += 1) {
      const { eta, rows } = drawPairs(own, createRandom(world, 'coverage'));
      inside += fitted(rows).annotators.filter(({ accuracy, annotator }) => covers(accuracy, eta[Number(annotator)]!)).length;
    }
    expect(inside / 60).toBeGreaterThanOrEqual(0.9);
  });

  it('learns temperature and length', () => {
    const random = createRandom(3, 'length');
    const theta = Array.from({ length: 12 }, () => 1.5 * random.normal());
    const [tau, lambda] = [
      [0.5, 1, 2],
      [0, 0.8, -0.8],
    ];
    const rows = Array.from({ length: 3000 }, (): AnnotatedPair => {
      const who = random.integer(3);
      const a = random.integer(12);
      const b = (a + 1 + random.integer(11)) % 12;
      const lengths = random.normal();
      const won = random.next() < 1 / (1 + Math.exp(-(tau[who]! * (theta[a]! - theta[b]!) + lambda[who]! * lengths)));
      return { first: `${a}`, second: `${b}`, annotator: `${who}`, wins: Number(won), losses: Number(!won), lengths };
    });
    const fit = fitted(rows, { terms: ['temperature', 'length'] });
    const by = new Map(fit.annotators.map((each) => [Number(each.annotator), each]));
    // temperatures are known up to a common factor, which the prior holds near 1
    expect(numberOf(by.get(2)!.temperature) / numberOf(by.get(0)!.temperature)).toBeGreaterThan(3);
    expect(numberOf(by.get(2)!.temperature) / numberOf(by.get(0)!.temperature)).toBeLessThan(5.3);
    for (const [who, truth] of lambda.entries()) expect(Math.abs(numberOf(by.get(who)!.length) - truth), `${who}`).toBeLessThan(0.25);
    expect(by.get(0)!.accuracy).toBeNull();
    expect(numberOf(by.get(2)!.right)).toBeGreaterThan(numberOf(by.get(0)!.right));
  });

  it('finds who says the opposite, counts ties as halves and says what it cannot know', () => {
    const { rows } = drawPairs({ ...systems, tasks: 800, annotators: 4 }, createRandom(9, 'turned'));
    const turned = rows.map((row): AnnotatedPair => (row.annotator === '3' ? { ...row, wins: row.losses, losses: row.wins } : row));
    const fit = fitted(turned);
    const liar = fit.annotators.find(({ annotator }) => annotator === '3')!;
    expect(liar.accuracy!.defined && liar.accuracy!.high).toBeLessThan(0.5);
    expect(fitted([{ ...rows[0]!, wins: 0, losses: 0, ties: 1 }, rows[1]!]).n).toBe(2);
    expect(fitAnnotators([])).toMatchObject({ defined: false, n: 0 });
    expect(
      fitAnnotators(
        rows.map(({ order: _, ...row }) => row),
        { terms: ['position'] },
      ),
    ).toMatchObject({ defined: false });
    expect(fitAnnotators(rows, { terms: ['length'] })).toMatchObject({ defined: false });
  });
});

it('makes a better reward model of weighted labels than of equal ones, on held-out gold', () => {
  const accuracy = { equal: [] as number[], weighted: [] as number[] };
  for (let seed = 1; seed <= 6; seed += 1) {
    const { differences, direction, rows } = drawRewards({ tasks: 300, overlap: 3, dimension: 32, people: 12 }, seed);
    const weights = lossWeights(fitted(rows).annotators.map((each) => ({ ...each, accuracy: numberOf(each.right) })));
    for (const kind of ['equal', 'weighted'] as const) {
      const pairs = { dimension: 32, differences: new Float64Array(300 * 32), wins: new Float64Array(300), losses: new Float64Array(300) };
      for (const [task, own] of differences.entries()) pairs.differences.set(own, task * 32);
      for (const { annotator, losses, task, wins } of rows) {
        const weight = kind === 'equal' ? 1 : weights[annotator]!;
        pairs.wins[Number(task)]! += weight * wins;
        pairs.losses[Number(task)]! += weight * losses;
      }
      const beta = fitLinearReward(pairs, 300, 3 / Math.sqrt(32));
      // 2,000 pairs that nobody labelled
      const random = createRandom(seed, 'held out');
      let right = 0;
      for (let pair = 0; pair < 2000; pair += 1) {
        const own = Float64Array.from({ length: 32 }, () => random.normal());
        const dot = (other: Float64Array) => own.reduce((sum, value, at) => sum + value * other[at]!, 0);
        if (dot(beta) > 0 === dot(direction) > 0) right += 1;
      }
      accuracy[kind].push(right / 2000);
    }
  }
  const gain = pairedDifference(accuracy.weighted, accuracy.equal);
  expect(gain.defined && gain.low).toBeGreaterThan(0);
});
