/**
 * What is known of annotators, against what is so, on simulated people: `npm run bench:annotators`. Prints one JSON line an experiment.
 *
 *   --only coverage,position,weights,sequential   what to run (all)
 *   --worlds N                                    independent worlds for coverage and weights (12)
 *   --first N                                     the seed of the first of them (1)
 */
import { parseArgs } from 'node:util';
import { createRandom } from '#lib/domain/random';
import { fitLinearReward } from '#lib/domain/simulation/linear-reward';
import { type AnnotatedPair, fitAnnotators } from '#lib/domain/statistics/annotators/annotator-bradley-terry';
import { positionBias, positionBiasPower } from '#lib/domain/statistics/annotators/position-bias';
import { lossWeights } from '#lib/domain/statistics/annotators/weights';
import { pairedDifference } from '#lib/domain/statistics/difference';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import { sprtCourse, sprtExpectedChecks } from '#lib/domain/statistics/sequential/sprt';
import { mean } from '#lib/domain/statistics/summary';
import { drawPairs, drawRewards, type PairWorldPlan, type RewardWorld, rightShare } from './annotators-worlds';

const { values } = parseArgs({
  options: { only: { type: 'string' }, worlds: { type: 'string', default: '12' }, first: { type: 'string', default: '1' } },
});
const only = values.only?.split(',');
const wanted = (name: string) => only?.includes(name) ?? true;
const worlds = Number(values.worlds);
const first = Number(values.first);
const print = (line: Record<string, unknown>) => console.log(JSON.stringify(line));
const shown = (estimate: Estimate) =>
  estimate.defined ? [estimate.value, estimate.low, estimate.high].map((value) => Number(value.toFixed(4))) : estimate.reason;

function coverage(name: string, plan: PairWorldPlan): void {
  const tally = { accuracy: 0, right: 0, position: 0, all: 0, width: 0 };
  const within = (estimate: Estimate | null, truth: number) =>
    Number(estimate?.defined === true && estimate.low <= truth && truth <= estimate.high);
  for (let world = first; world < first + worlds; world += 1) {
    const { eta, gamma, rows } = drawPairs(plan, createRandom(world, 'coverage'));
    const fit = fitAnnotators(rows, { terms: plan.position > 0 ? ['accuracy', 'position'] : ['accuracy'] });
    if (!fit.defined) throw new Error(fit.reason);
    for (const each of fit.annotators) {
      const own = eta[Number(each.annotator)] as number;
      tally.all += 1;
      tally.accuracy += within(each.accuracy, own);
      tally.right += within(each.right, rightShare(own, plan.spread));
      tally.position += within(each.position, gamma[Number(each.annotator)] as number);
      if (each.right.defined) tally.width += each.right.high - each.right.low;
    }
  }
  print({
    experiment: 'coverage',
    name,
    labelsEach: (plan.tasks * plan.overlap) / plan.annotators,
    annotators: tally.all,
    right: shown(wilsonInterval(tally.right, tally.all)),
    width: Number((tally.width / tally.all).toFixed(3)),
    accuracy: shown(wilsonInterval(tally.accuracy, tally.all)),
    ...(plan.position > 0 ? { position: shown(wilsonInterval(tally.position, tally.all)) } : {}),
  });
}

function flagged(share: number, answers: number, labels: number, people: number): number {
  const random = createRandom(share * 1000 + answers, 'position', labels);
  let count = 0;
  for (let person = 0; person < people; person += 1) {
    const judgements = Array.from({ length: labels }, () => {
      const ranks = random.shuffle(Array.from({ length: answers }, (_, at) => at + 1));
      const surplus = (share - 1 / answers) / (1 - 1 / answers);
      return random.next() < surplus ? [1, ...ranks.slice(1).map((_, at) => at + 2)] : ranks;
    });
    const bias = positionBias(judgements);
    if (bias.defined && bias.flagged) count += 1;
  }
  return count;
}

function position(): void {
  for (const labels of [100, 200, 300, 500, 700, 1000]) {
    const people = 500;
    const told = (share: number, answers: number) => shown(wilsonInterval(flagged(share, answers, labels, people), people));
    print({
      experiment: 'position',
      labels,
      people,
      falseAlarms: told(0.5, 2),
      at60: told(0.6, 2),
      at70: told(0.7, 2),
      exact: [0.5, 0.6, 0.7].map((share) => Number(positionBiasPower(share, labels).toFixed(4))),
      fourAnswers: { falseAlarms: told(0.25, 4), first35: told(0.35, 4) },
    });
  }
}

function rewardAccuracy({ differences, direction, rows }: RewardWorld, weightOf: (row: AnnotatedPair) => number): number {
  const dimension = direction.length;
  const pairs = {
    dimension,
    differences: new Float64Array(differences.length * dimension),
    wins: new Float64Array(differences.length),
    losses: new Float64Array(differences.length),
  };
  for (const [task, own] of differences.entries()) pairs.differences.set(own, task * dimension);
  for (const row of rows) {
    const task = Number(row.task);
    pairs.wins[task] = (pairs.wins[task] as number) + weightOf(row) * row.wins;
    pairs.losses[task] = (pairs.losses[task] as number) + weightOf(row) * row.losses;
  }
  const beta = fitLinearReward(pairs, differences.length, 3 / Math.sqrt(dimension));
  const along = beta.reduce((sum, value, at) => sum + value * (direction[at] as number), 0);
  // held-out pairs without end: gold and reward are normal with this correlation
  return 0.5 + Math.asin(along / Math.hypot(...beta)) / Math.PI;
}

function weights(): void {
  for (const plan of [
    { tasks: 200, overlap: 3, dimension: 32, people: 12 },
    { tasks: 600, overlap: 3, dimension: 32, people: 12 },
    { tasks: 600, overlap: 5, dimension: 64, people: 12 },
  ]) {
    const accuracy: Record<'equal' | 'weighted' | 'known', number[]> = { equal: [], weighted: [], known: [] };
    for (let seed = first; seed < first + worlds; seed += 1) {
      const world = drawRewards(plan, seed);
      const fit = fitAnnotators(world.rows);
      if (!fit.defined) throw new Error(fit.reason);
      const learned = lossWeights(
        fit.annotators.map(({ annotator, judgements, right }) => ({ annotator, judgements, accuracy: right.defined ? right.value : 0.5 })),
      );
      const known = lossWeights(
        fit.annotators.map(({ annotator, judgements }) => ({
          annotator,
          judgements,
          accuracy: [0.92, 0.75, 0.55][Number(annotator) % 3] as number,
        })),
      );
      accuracy.equal.push(rewardAccuracy(world, () => 1));
      accuracy.weighted.push(rewardAccuracy(world, (row) => learned[row.annotator] ?? 1));
      accuracy.known.push(rewardAccuracy(world, (row) => known[row.annotator] ?? 1));
    }
    print({
      experiment: 'weights',
      ...plan,
      worlds,
      equal: Number(mean(accuracy.equal).toFixed(4)),
      weighted: Number(mean(accuracy.weighted).toFixed(4)),
      gain: shown(pairedDifference(accuracy.weighted, accuracy.equal)),
      gainOfKnown: shown(pairedDifference(accuracy.known, accuracy.equal)),
    });
  }
}

function sequential(): void {
  for (const share of [0.5, 0.65, 0.75, 0.85, 0.95]) {
    const { checks, fail, pass } = sprtCourse(share);
    print({ experiment: 'sequential', share, pass, fail, checks, wald: sprtExpectedChecks(share) });
  }
}

if (wanted('coverage')) {
  coverage('20 systems, one label a pair', { tasks: 2000, overlap: 1, annotators: 20, spread: 2, shared: true, position: 0 });
  coverage('own answers, 3 labels a pair', { tasks: 1000, overlap: 3, annotators: 20, spread: 2, shared: false, position: 0 });
  coverage('own answers, 5 labels a pair, with position', {
    tasks: 800,
    overlap: 5,
    annotators: 20,
    spread: 1.5,
    shared: false,
    position: 0.6,
  });
}
if (wanted('position')) position();
if (wanted('weights')) weights();
if (wanted('sequential')) sequential();
