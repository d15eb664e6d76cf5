import type { Estimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import { type DriftState, drift, driftPlan } from '#lib/domain/statistics/sequential/cusum';
import { quantile } from '#lib/domain/statistics/summary';
import { groupBy, type QualityCheck, type QualityLabel } from './label-data';

/** A person whose share of passed checks changed, under one version of the guideline. Dates as texts: it is kept as JSON. */
export interface DriftAlarm {
  readonly annotator: string;
  readonly guideline: number;
  readonly since: string;
  readonly raisedAt: string;
  readonly before: Estimate;
  readonly after: Estimate;
  /** With no change, an alarm as strong for anybody comes about once in so many projects like this one. */
  readonly oneIn: number;
  /** People watched, over whom the chance is counted. */
  readonly people: number;
  readonly medianMsBefore: number | null;
  readonly medianMsAfter: number | null;
}

/** A person's first checks under a version say what is usual for him; those after them are watched. */
const usualChecks = 20;
const change = 0.2;
const chances = [20, 100, 1000] as const;

/** Whose checks drift: a CUSUM for each person and version of the guideline, its limits set for all of them together. */
export function driftAlarms(labels: readonly QualityLabel[], checks: readonly QualityCheck[]): DriftAlarm[] {
  const rows = [...groupBy(checks, ({ annotator, guideline }) => `${guideline} ${annotator}`).values()].filter(
    (row) => row.length > usualChecks,
  );
  const watched = rows.reduce((sum, row) => sum + row.length - usualChecks, 0);
  const people = new Set(rows.map(([first]) => first?.annotator)).size;
  return rows.flatMap((row) => {
    const found = strongestAlarm(row, watched);
    return found ? [describe(row, found, labels, people)] : [];
  });
}

interface Found {
  readonly alarm: NonNullable<DriftState['alarm']>;
  readonly oneIn: number;
}

/** The alarm with the rarest limit that it still passes. */
function strongestAlarm(row: readonly QualityCheck[], watched: number): Found | null {
  const usual = row.slice(0, usualChecks).filter(({ passed }) => passed).length;
  const level = (usual + 1) / (usualChecks + 2);
  const values = row.slice(usualChecks).map(({ passed }) => Number(passed));
  let found = null as Found | null;
  for (const oneIn of chances) {
    const plan = driftPlan({ kind: 'share', level, change }, oneIn * watched);
    const { alarm } = drift(values, plan);
    if (alarm?.side !== 'down') break;
    found = { alarm: found?.alarm ?? alarm, oneIn };
  }
  return found;
}

function describe(row: readonly QualityCheck[], { alarm, oneIn }: Found, labels: readonly QualityLabel[], people: number): DriftAlarm {
  const split = usualChecks + alarm.since;
  const first = row[split] as QualityCheck;
  const raised = row[usualChecks + alarm.at] as QualityCheck;
  const own = labels.filter(({ annotator, guideline }) => annotator === first.annotator && guideline === first.guideline);
  const median = (side: (label: QualityLabel) => boolean) => {
    const times = own.filter(side).map(({ activeMs }) => activeMs);
    return times.length === 0 ? null : Math.round(quantile(times, 0.5));
  };
  return {
    annotator: first.annotator,
    guideline: first.guideline,
    since: first.at.toISOString(),
    raisedAt: raised.at.toISOString(),
    before: passedShare(row.slice(0, split)),
    after: passedShare(row.slice(split)),
    oneIn,
    people,
    medianMsBefore: median(({ at }) => at < first.at),
    medianMsAfter: median(({ at }) => at >= first.at),
  };
}

function passedShare(checks: readonly QualityCheck[]): Estimate {
  return wilsonInterval(checks.filter(({ passed }) => passed).length, checks.length);
}
