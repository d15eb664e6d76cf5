import { median, trainingFlopsPerToken } from './bench-model';
import type { BenchCase, Side } from './cases';

/** One process of one side. */
export interface Run {
  readonly case: string;
  readonly side: Side;
  readonly round: number;
  /** Null where the case has no batch size to choose. */
  readonly batch: number | null;
  readonly best: number;
  readonly median: number;
  readonly cpuMs: number;
  /** Cores that other work kept busy meanwhile; null where that is not known. */
  readonly otherWork: number | null;
  readonly seconds: number;
}

interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly cpuMs: number;
  readonly rounds: number;
}

/** Over the rounds: of each process its best repetition counts, which other work disturbs least. */
export function spreadOf(runs: readonly Run[], benchCase: BenchCase, side: Side): Spread | undefined {
  const own = runs.filter((run) => run.case === benchCase.id && run.side === side);
  if (own.length === 0) return undefined;
  const rates = own.map(({ best }) => best);
  return {
    median: median(rates),
    least: Math.min(...rates),
    most: Math.max(...rates),
    cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
    rounds: own.length,
  };
}

function ratio(runs: readonly Run[], benchCase: BenchCase, other: Side): number | undefined {
  const ours = spreadOf(runs, benchCase, 'plumbline');
  const theirs = spreadOf(runs, benchCase, other);
  return ours && theirs ? Math.round((1000 * ours.median) / theirs.median) / 1000 : undefined;
}

type Ratios = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** `{"train":{"A":r,"S":r},"greedy":{...},"sampling":{"8":r},"ragged":r}`: what was measured, of ours to `other`. */
export function ratios(runs: readonly Run[], chosen: readonly BenchCase[], other: Side): Ratios {
  const result: Record<string, number | Record<string, number>> = {};
  for (const benchCase of chosen) {
    const value = ratio(runs, benchCase, other);
    if (value === undefined) continue;
    if (benchCase.key === null) {
      result[benchCase.kind] = value;
      continue;
    }
    const group = result[benchCase.kind] ?? {};
    if (typeof group === 'object') result[benchCase.kind] = { ...group, [benchCase.key]: value };
  }
  return result;
}

/** Sustained rate of our training step, GFLOPS, by the counting of `trainingFlopsPerToken`. */
export function trainingGflops(runs: readonly Run[], benchCase: BenchCase, side: Side): number | undefined {
  const spread = benchCase.kind === 'train' ? spreadOf(runs, benchCase, side) : undefined;
  return spread && (spread.median * trainingFlopsPerToken(benchCase.size)) / 1e9;
}

const round = (value: number) => (value < 100 ? value.toFixed(1) : String(Math.round(value)));

/** Rows of the table for people: a case and side a row. */
export function rows(runs: readonly Run[], chosen: readonly BenchCase[], names: readonly Side[]): string[][] {
  return chosen.flatMap((benchCase) =>
    names.flatMap((side) => {
      const spread = spreadOf(runs, benchCase, side);
      if (!spread) return [];
      const gflops = trainingGflops(runs, benchCase, side);
      const against = side === 'plumbline' ? '' : (ratio(runs, benchCase, side)?.toFixed(3) ?? '');
      const batch = runs.find((run) => run.case === benchCase.id && run.side === side)?.batch;
      return [
        [
          benchCase.id,
          batch ? `${side}, batch ${batch}` : side,
          round(spread.median),
          `${round(spread.least)} to ${round(spread.most)}`,
          spread.cpuMs.toFixed(spread.cpuMs < 10 ? 2 : 1),
          gflops === undefined ? '' : round(gflops),
          against,
        ],
      ];
    }),
  );
}
