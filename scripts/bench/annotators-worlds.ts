import { createRandom, type Random } from '#lib/domain/random';
import type { AnnotatedPair } from '#lib/domain/statistics/annotators/annotator-bradley-terry';

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Probability that two items of this spread come out right for somebody who says the opposite with probability 1 - eta. */
export function rightShare(eta: number, spread: number): number {
  let sum = 0;
  let mass = 0;
  for (let z = 0.01; z < 6; z += 0.02) {
    const density = Math.exp((-z * z) / 2);
    sum += density * sigmoid(Math.SQRT2 * spread * z);
    mass += density;
  }
  return 1 - eta + (2 * eta - 1) * (sum / mass);
}

interface PairWorld {
  readonly rows: readonly AnnotatedPair[];
  readonly eta: readonly number[];
  readonly gamma: readonly number[];
}

export interface PairWorldPlan {
  readonly tasks: number;
  readonly overlap: number;
  readonly annotators: number;
  readonly spread: number;
  /** Twenty systems that all tasks share, or two answers of each task's own. */
  readonly shared: boolean;
  /** Standard deviation of gamma over annotators. */
  readonly position: number;
}

/** Annotators of accuracies .60 to .97 who say what sigmoid(difference + gamma order) says with probability eta and else the opposite. */
export function drawPairs(plan: PairWorldPlan, random: Random): PairWorld {
  const { annotators, overlap, position, shared, spread, tasks } = plan;
  const eta = Array.from({ length: annotators }, (_, at) => 0.6 + (0.37 * at) / (annotators - 1));
  const gamma = eta.map(() => position * random.normal());
  const systems = Array.from({ length: 20 }, () => spread * random.normal());
  const people = [...eta.keys()];
  const rows: AnnotatedPair[] = [];
  for (let task = 0; task < tasks; task += 1) {
    const a = random.integer(20);
    const b = (a + 1 + random.integer(19)) % 20;
    const [first, second] = shared ? [`system ${a}`, `system ${b}`] : [`${task} a`, `${task} b`];
    const difference = shared ? (systems[a] as number) - (systems[b] as number) : Math.SQRT2 * spread * random.normal();
    for (const who of random.shuffle(people).slice(0, overlap)) {
      const order = random.next() < 0.5 ? 1 : -1;
      const meant = random.next() < sigmoid(difference + (gamma[who] as number) * order);
      const won = random.next() < (eta[who] as number) ? meant : !meant;
      rows.push({ first, second, annotator: `${who}`, wins: Number(won), losses: Number(!won), order, task: `${task}` });
    }
  }
  return { rows, eta, gamma };
}

export interface RewardWorld {
  readonly rows: readonly AnnotatedPair[];
  /** Features of the first answer less those of the second, by task. */
  readonly differences: readonly Float64Array[];
  readonly direction: Float64Array;
  readonly people: number;
}

/** Tasks of two answers with features, golds linear in them, ranked by people of accuracies .92, .75 and .55 (a third each). */
export function drawRewards(
  plan: { readonly tasks: number; readonly overlap: number; readonly dimension: number; readonly people: number },
  seed: number,
): RewardWorld {
  const random = createRandom(seed, 'rewards');
  const { dimension, overlap, people, tasks } = plan;
  const drawn = Float64Array.from({ length: dimension }, () => random.normal());
  const length = Math.hypot(...drawn);
  const direction = drawn.map((value) => value / length);
  const noise = [0.92, 0.75, 0.55].map((accuracy) => Math.sqrt(1 / Math.sin(Math.PI * (accuracy - 0.5)) ** 2 - 1));
  const rows: AnnotatedPair[] = [];
  const differences = Array.from({ length: tasks }, (_, task) => {
    const own = Float64Array.from({ length: dimension }, () => Math.SQRT2 * random.normal());
    const gold = own.reduce((sum, value, at) => sum + value * (direction[at] as number), 0);
    for (const who of random.shuffle(Array.from({ length: people }, (_, at) => at)).slice(0, overlap)) {
      const won = gold + Math.SQRT2 * (noise[who % 3] as number) * random.normal() > 0;
      rows.push({ first: `${task} a`, second: `${task} b`, annotator: `${who}`, wins: Number(won), losses: Number(!won), task: `${task}` });
    }
    return own;
  });
  return { rows, differences, direction, people };
}
