import { createRandom, type Random } from '#lib/domain/random';
import { lossWeights } from '#lib/domain/statistics/annotators/weights';
import { rankDisplayed } from './annotator';
import type { CampaignConfig } from './campaign-config';
import { type FeaturePairs, fitLinearReward } from './linear-reward';

/** Tasks with all that was said of them, in the order in which they are worked off. */
interface Labels {
  readonly config: CampaignConfig;
  readonly direction: Float64Array;
  readonly pairs: FeaturePairs;
  readonly pairsPerTask: number;
  /** [judgement]: pair, person, and 1, 0.5 or 0 for the first. */
  readonly judgements: { readonly pair: Int32Array; readonly person: Int32Array; readonly said: Float64Array };
  readonly judgementsPerTask: number;
}

/** A unit direction of the features is the part of the gold that can be learned. */
function drawDirection(random: Random, dimension: number): Float64Array {
  const drawn = Float64Array.from({ length: dimension }, () => random.normal());
  const length = Math.hypot(...drawn);
  return drawn.map((value) => value / length);
}

function peopleOf({ crew, tieThreshold }: CampaignConfig) {
  // accuracies are stated for golds of spread 1
  return crew.flatMap(({ accuracy, people, positionBias }) =>
    Array.from({ length: people }, () => ({ accuracy, positionBias, tieThreshold, goldScale: 1 })),
  );
}

function drawLabels(config: CampaignConfig, overlap: number, tasks: number, world: number): Labels {
  // worlds have the same tasks under every overlap: differences between overlaps are not those between tasks
  const answers = createRandom(config.seed, 'campaign', world, 'answers');
  const judges = createRandom(config.seed, 'campaign', world, 'judges', overlap);
  const { dimension: d, goldSpread, reach, responses: k } = config;
  const people = peopleOf(config);
  const pairsPerTask = (k * (k - 1)) / 2;
  const direction = drawDirection(answers, d);
  const pairs = {
    dimension: d,
    differences: new Float64Array(tasks * pairsPerTask * d),
    wins: new Float64Array(tasks * pairsPerTask),
    losses: new Float64Array(tasks * pairsPerTask),
  };
  const count = tasks * pairsPerTask * overlap;
  const judgements = { pair: new Int32Array(count), person: new Int32Array(count), said: new Float64Array(count) };
  let at = 0;
  for (let task = 0; task < tasks; task += 1) {
    const features = Array.from({ length: k }, () => Float64Array.from({ length: d }, () => answers.normal()));
    const golds = features.map((own) => {
      const seen = own.reduce((sum, value, index) => sum + value * (direction[index] as number), 0);
      return goldSpread * (Math.sqrt(reach) * seen + Math.sqrt(1 - reach) * answers.normal());
    });
    writeDifferences(pairs.differences, task * pairsPerTask, features);
    for (const person of chosen(people.length, overlap, judges)) {
      const ranks = judge(people[person] as (typeof people)[number], golds, judges);
      let pair = task * pairsPerTask;
      for (let first = 0; first < k; first += 1) {
        for (let second = first + 1; second < k; second += 1) {
          const [a, b] = [ranks[first] as number, ranks[second] as number];
          judgements.pair[at] = pair;
          judgements.person[at] = person;
          judgements.said[at] = a === b ? 0.5 : Number(a < b);
          at += 1;
          pair += 1;
        }
      }
    }
  }
  return { config, direction, pairs, pairsPerTask, judgements, judgementsPerTask: pairsPerTask * overlap };
}

function writeDifferences(into: Float64Array, from: number, features: readonly Float64Array[]): void {
  let pair = from;
  features.forEach((first, index) => {
    for (const second of features.slice(index + 1)) {
      for (let at = 0; at < first.length; at += 1) into[pair * first.length + at] = (first[at] as number) - (second[at] as number);
      pair += 1;
    }
  });
}

function chosen(people: number, overlap: number, random: Random): number[] {
  const drawn = new Set<number>();
  while (drawn.size < overlap) drawn.add(random.integer(people));
  return [...drawn];
}

/** Ranks of the answers as they were made, by somebody who saw them in random order. */
function judge(person: Parameters<typeof rankDisplayed>[0], golds: readonly number[], random: Random): number[] {
  const shown = random.shuffle([...golds.keys()]);
  const given = rankDisplayed(
    person,
    shown.map((answer) => golds[answer] as number),
    random,
  );
  const ranks = new Array<number>(golds.length).fill(0);
  shown.forEach((answer, place) => {
    ranks[answer] = given[place] as number;
  });
  return ranks;
}

/** Sums judgements of the first tasks into weights of pairs. */
function weigh({ judgements, judgementsPerTask, pairs }: Labels, tasks: number, weightOf: (person: number) => number): void {
  pairs.wins.fill(0);
  pairs.losses.fill(0);
  for (let at = 0; at < tasks * judgementsPerTask; at += 1) {
    const pair = judgements.pair[at] as number;
    const weight = weightOf(judgements.person[at] as number);
    const said = judgements.said[at] as number;
    pairs.wins[pair] = (pairs.wins[pair] as number) + weight * said;
    pairs.losses[pair] = (pairs.losses[pair] as number) + weight * (1 - said);
  }
}

/** How far each person agrees with the rewards on what was judged so far; ten judgements by chance beside, so that few say little. */
function agreementWeights({ judgements, judgementsPerTask, pairs }: Labels, tasks: number, beta: Float64Array): Record<string, number> {
  const tallies = new Map<number, { agreed: number; all: number }>();
  for (let at = 0; at < tasks * judgementsPerTask; at += 1) {
    const start = (judgements.pair[at] as number) * pairs.dimension;
    let z = 0;
    for (let index = 0; index < pairs.dimension; index += 1) z += (pairs.differences[start + index] as number) * (beta[index] as number);
    const person = judgements.person[at] as number;
    const tally = tallies.get(person) ?? { agreed: 0, all: 0 };
    const said = judgements.said[at] as number;
    tallies.set(person, { agreed: tally.agreed + (z > 0 ? said : 1 - said), all: tally.all + 1 });
  }
  return lossWeights(
    [...tallies].map(([person, { agreed, all }]) => ({ annotator: `${person}`, accuracy: (agreed + 5) / (all + 10), judgements: all })),
  );
}

/** P(two new answers come out as the gold has them): golds and rewards are normal with correlation sqrt(reach) cos(angle) (Sheppard 1899). */
function accuracyOf({ config, direction }: Labels, beta: Float64Array): number {
  const along = beta.reduce((sum, value, at) => sum + value * (direction[at] as number), 0);
  const length = Math.hypot(...beta);
  return length === 0 ? 0.5 : 0.5 + Math.asin((Math.sqrt(config.reach) * along) / length) / Math.PI;
}

export function ceilingOf({ reach }: CampaignConfig): number {
  return 0.5 + Math.asin(Math.sqrt(reach)) / Math.PI;
}

/** Accuracies of rewards learned from the first so many tasks of one simulated world. */
export function accuracies(config: CampaignConfig, overlap: number, taskCounts: readonly number[], world: number): number[] {
  const labels = drawLabels(config, overlap, Math.max(...taskCounts), world);
  // the reward of two answers differs by a few logits at most
  const deviation = 3 / Math.sqrt(config.dimension);
  return taskCounts.map((tasks) => {
    const pairs = tasks * labels.pairsPerTask;
    weigh(labels, tasks, () => 1);
    let beta = fitLinearReward(labels.pairs, pairs, deviation);
    for (let round = 0; config.weights === 'agreement' && round < 3; round += 1) {
      const weights = agreementWeights(labels, tasks, beta);
      weigh(labels, tasks, (person) => weights[`${person}`] ?? 1);
      beta = fitLinearReward(labels.pairs, pairs, deviation, beta);
    }
    return accuracyOf(labels, beta);
  });
}
