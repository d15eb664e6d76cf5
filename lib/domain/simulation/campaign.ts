import { studentQuantile } from '#lib/domain/statistics/distribution';
import { mean, standardDeviation } from '#lib/domain/statistics/summary';
import { AppError } from '#lib/errors';
import type { CampaignConfig } from './campaign-config';
import { accuracies, ceilingOf } from './campaign-world';

/** Mean over simulated worlds with Student's interval. */
interface Simulated {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

interface CampaignCell {
  readonly overlap: number;
  /** Rankings paid for. */
  readonly labels: number;
  readonly tasks: number;
  readonly accuracy: Simulated;
  readonly cost: number;
  readonly hours: number;
}

interface CampaignPlan {
  readonly overlap: number;
  /** Between two columns of the table: by a straight line over the log of labels. */
  readonly labels: number;
  readonly tasks: number;
  readonly cost: number;
  readonly hours: number;
  /** The first column reaches the target already: fewer may do. */
  readonly orFewer: boolean;
}

export interface CampaignReport {
  readonly cells: readonly CampaignCell[];
  /** Accuracy that no number of labels passes: what the learner can express. */
  readonly ceiling: number;
  readonly target: number;
  /** The cheapest plan for each overlap that reaches the target within the table. */
  readonly plans: readonly CampaignPlan[];
  readonly cheapest: CampaignPlan | null;
  /** Why there is none. */
  readonly reason: string | null;
  /** From the cheapest plan, or else the last cell: the price of one more ranking a task, spent in two ways. */
  readonly oneMore: {
    readonly overlap: number;
    readonly tasks: number;
    readonly cost: number;
    /** Rise of accuracy by one more ranking of each task; null where the crew is too small for it. */
    readonly sameTasks: Simulated | null;
    /** By as many rankings of new tasks. */
    readonly newTasks: Simulated;
  };
  readonly worlds: number;
}

/** Yields what has been done after each simulated world, and returns the report; the same seed gives the same report. */
export function* simulateCampaign(config: CampaignConfig): Generator<{ readonly done: number; readonly of: number }, CampaignReport> {
  const people = config.crew.reduce((sum, each) => sum + each.people, 0);
  const overlaps = [...new Set(config.overlaps)].sort((a, b) => a - b);
  const most = overlaps.at(-1) as number;
  if (most > people)
    throw new AppError('BAD_INPUT', `A task cannot have ${most} rankings by different people: the crew has ${people}.`, {
      details: { field: 'overlaps' },
      remedy: 'Take a larger crew, or a smaller overlap.',
    });
  const budgets = [...new Set(config.labels)].sort((a, b) => a - b);
  const of = overlaps.length * config.worlds + config.worlds;
  let done = 0;
  const cells: CampaignCell[] = [];
  for (const overlap of overlaps) {
    const counts = budgets.map((labels) => Math.floor(labels / overlap));
    const usable = counts.filter((count) => count >= 1);
    const drawn: number[][] = [];
    for (let world = 0; world < config.worlds; world += 1) {
      drawn.push(usable.length === 0 ? [] : accuracies(config, overlap, usable, world));
      done += 1;
      yield { done, of };
    }
    for (const [at, tasks] of usable.entries()) {
      const found = drawn.map((each) => each[at] as number);
      cells.push(cellOf(config, overlap, tasks, found));
    }
  }
  const ceiling = ceilingOf(config);
  const plans = overlaps.flatMap(
    (overlap) =>
      planOf(
        config,
        cells.filter((cell) => cell.overlap === overlap),
      ) ?? [],
  );
  const cheapest = [...plans].sort((a, b) => a.cost - b.cost || a.labels - b.labels)[0] ?? null;
  const from = cheapest ?? cells.at(-1);
  if (!from)
    throw new AppError('BAD_INPUT', 'The budget pays not even for one task.', { remedy: 'Allow more labels, or a smaller overlap.' });
  const rises: { same: number; fresh: number }[] = [];
  for (let world = 0; world < config.worlds; world += 1) {
    rises.push(riseOf(config, from, people, world));
    done += 1;
    yield { done, of };
  }
  return {
    cells,
    ceiling,
    target: config.target,
    plans,
    cheapest,
    reason: cheapest ? null : reasonOf(config, ceiling, cells),
    oneMore: {
      overlap: from.overlap,
      tasks: from.tasks,
      cost: from.tasks * config.price,
      sameTasks: from.overlap < people ? simulated(rises.map(({ same }) => same)) : null,
      newTasks: simulated(rises.map(({ fresh }) => fresh)),
    },
    worlds: config.worlds,
  };
}

function simulated(values: readonly number[]): Simulated {
  const value = mean(values);
  const half = (studentQuantile(0.975, values.length - 1) * standardDeviation(values)) / Math.sqrt(values.length);
  return { value, low: value - half, high: value + half };
}

function cellOf(config: CampaignConfig, overlap: number, tasks: number, drawn: readonly number[]): CampaignCell {
  const labels = tasks * overlap;
  return { overlap, labels, tasks, accuracy: simulated(drawn), cost: labels * config.price, hours: (labels * config.minutes) / 60 };
}

function planOf(config: CampaignConfig, row: readonly CampaignCell[]): CampaignPlan | null {
  const at = row.findIndex((cell) => cell.accuracy.value >= config.target);
  const reached = row[at];
  if (!reached) return null;
  const before = row[at - 1];
  const labels = before ? between(before, reached, config.target) : reached.labels;
  const tasks = Math.ceil(labels / reached.overlap);
  const paid = tasks * reached.overlap;
  return {
    overlap: reached.overlap,
    labels: paid,
    tasks,
    cost: paid * config.price,
    hours: (paid * config.minutes) / 60,
    orFewer: before === undefined,
  };
}

function between(before: CampaignCell, reached: CampaignCell, target: number): number {
  const share = (target - before.accuracy.value) / (reached.accuracy.value - before.accuracy.value);
  return Math.exp(Math.log(before.labels) + share * (Math.log(reached.labels) - Math.log(before.labels)));
}

function reasonOf({ reach, target }: CampaignConfig, ceiling: number, cells: readonly CampaignCell[]): string {
  if (ceiling < target)
    return `the learner cannot express more than ${(100 * reach).toFixed(0)} % of the gold: no number of labels passes ${ceiling.toFixed(3)}`;
  const best = Math.max(...cells.map(({ accuracy }) => accuracy.value));
  return `the most labels that were allowed reach ${best.toFixed(3)}`;
}

function riseOf(
  config: CampaignConfig,
  { overlap, tasks }: { readonly overlap: number; readonly tasks: number },
  people: number,
  world: number,
): { same: number; fresh: number } {
  const extra = Math.max(1, Math.round(tasks / overlap));
  const [now, fresh] = accuracies(config, overlap, [tasks, tasks + extra], world) as [number, number];
  if (overlap + 1 > people) return { same: Number.NaN, fresh: fresh - now };
  const [same] = accuracies(config, overlap + 1, [tasks], world) as [number];
  return { same: same - now, fresh: fresh - now };
}
