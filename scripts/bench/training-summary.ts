import { median } from './bench-model';
import { type TrainingCase, type TrainingMeasured, type TrainingSide, trainingSides } from './training-cases';

/** One process of one side. */
export interface TrainingRun extends TrainingMeasured {
  readonly case: string;
  readonly side: TrainingSide;
  readonly round: number;
  /** Largest resident memory of the process, MiB; null where the system does not tell. */
  readonly peakMib: number | null;
  /** Cores that other work kept busy meanwhile; null where that is not known. */
  readonly otherWork: number | null;
}

/** Units a second of the fastest update, which other work disturbs least. */
export function bestRate({ seconds, units }: TrainingMeasured): number {
  return units / Math.min(...seconds);
}

function ownRuns(runs: readonly TrainingRun[], { id }: TrainingCase, side: TrainingSide): TrainingRun[] {
  return runs.filter((run) => run.case === id && run.side === side);
}

const rounded = (value: number) => Math.round(1000 * value) / 1000;

/** Over the rounds: medians of the best rates. */
function rateOf(runs: readonly TrainingRun[], benchCase: TrainingCase, side: TrainingSide): number | undefined {
  const own = ownRuns(runs, benchCase, side);
  return own.length === 0 ? undefined : median(own.map(bestRate));
}

/** Largest over the rounds. */
function peakOf(runs: readonly TrainingRun[], benchCase: TrainingCase, side: TrainingSide): number | null {
  const peaks = ownRuns(runs, benchCase, side).flatMap(({ peakMib }) => (peakMib === null ? [] : [peakMib]));
  return peaks.length === 0 ? null : Math.round(Math.max(...peaks));
}

const phaseNames = ['generate', 'score', 'update'] as const;

/** Seconds of each phase on both sides, medians over the rounds. */
function phasesOf(runs: readonly TrainingRun[], benchCase: TrainingCase): Record<string, unknown> {
  return Object.fromEntries(
    phaseNames.map((name) => [
      name,
      Object.fromEntries(
        trainingSides.map((side) => {
          const values = ownRuns(runs, benchCase, side).flatMap(({ phases }) => (phases === null ? [] : [phases[name]]));
          return [side, rounded(median(values))];
        }),
      ),
    ]),
  );
}

/**
 * `{"sft":{"A":r,"S":r},"reward":{...,"K4":r},"dpo":{...},"ppo":{"A":r,"generate":{"plumbline":s,"trl":s},...},"memory":{"sft.A":{...}}}` of what was
 * measured. Rates: ours to TRL's, more is better; of PPO the time of an iteration, ours to TRL's, less is better. Memory in MiB.
 */
export function trainingRatios(runs: readonly TrainingRun[], chosen: readonly TrainingCase[]): Record<string, Record<string, unknown>> {
  const result: Record<string, Record<string, unknown>> = {};
  const memory: Record<string, unknown> = {};
  for (const benchCase of chosen) {
    const ours = rateOf(runs, benchCase, 'plumbline');
    const theirs = rateOf(runs, benchCase, 'trl');
    if (ours === undefined || theirs === undefined) continue;
    const { group, id, key } = benchCase;
    const ratio = group === 'ppo' ? { [key]: rounded(theirs / ours), ...phasesOf(runs, benchCase) } : { [key]: rounded(ours / theirs) };
    result[group] = { ...result[group], ...ratio };
    memory[id] = Object.fromEntries(trainingSides.map((side) => [side, peakOf(runs, benchCase, side)]));
  }
  return { ...result, memory };
}

const shown = (value: number) => (value < 100 ? value.toFixed(2) : String(Math.round(value)));

/** Rows of the table for people: a case and side a row. */
export function trainingRows(runs: readonly TrainingRun[], chosen: readonly TrainingCase[]): string[][] {
  return chosen.flatMap((benchCase) =>
    trainingSides.flatMap((side) => {
      const own = ownRuns(runs, benchCase, side);
      if (own.length === 0) return [];
      const rates = own.map(bestRate);
      const theirs = rateOf(runs, benchCase, 'trl');
      const against = side === 'plumbline' && theirs !== undefined ? (median(rates) / theirs).toFixed(3) : '';
      return [
        [
          benchCase.id,
          side,
          `${shown(median(rates))} ${benchCase.unit}`,
          `${shown(Math.min(...rates))} to ${shown(Math.max(...rates))}`,
          Math.round(median(own.map(({ cpuMs }) => cpuMs))).toString(),
          peakOf(runs, benchCase, side)?.toString() ?? '',
          against,
        ],
      ];
    }),
  );
}
