import type { Random } from '#lib/domain/random';
import { pairwiseRankingAgreement } from '#lib/domain/statistics/agreement/ranking-agreement';
import { preferenceRows, rankingPairs } from '#lib/domain/statistics/agreement/ranking-table';
import { estimate } from '#lib/domain/statistics/agreement/resample';
import { peerAgreement } from '#lib/domain/statistics/annotators/reliability';
import { type Estimate, undefinedEstimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import { quantile } from '#lib/domain/statistics/summary';
import { type AgreementRow, agreementRows, rankingsOf } from './agreement-rows';
import { type DriftAlarm, driftAlarms } from './drift-alarms';
import { type DwellRow, dwellRows } from './dwell-rows';
import { firstWins, longerWins, positionOf, tieRate, tooFast } from './label-biases';
import { groupBy, type QualityCheck, type QualityData, type QualityLabel, resamplesOf } from './label-data';

/** How far the labels of a project can be trusted. Plain JSON: it is kept and read again. */
export interface QualityReport {
  readonly labels: number;
  readonly tasks: number;
  readonly people: number;
  readonly agreement: readonly AgreementRow[];
  readonly annotators: readonly AnnotatorRow[];
  readonly guidelines: readonly GuidelineRow[];
  /** Of the whole project, whatever the report is limited to: an alarm needs what was before. */
  readonly drifts: readonly DriftAlarm[];
  readonly dwell: readonly DwellRow[];
  readonly biases: {
    /** Of pairs with the answer shown first, the share that it won: half where place does not matter. */
    readonly firstWins: Estimate;
    readonly longerWins: Estimate;
    readonly tieRate: Estimate;
    readonly tooFast: Estimate;
  };
}

export interface AnnotatorRow {
  readonly annotator: string;
  readonly done: number;
  readonly medianMs: number | null;
  readonly gold: Estimate;
  readonly repeats: Estimate;
  /** Share of pairs on which others say the same. */
  readonly peers: Estimate;
  readonly position: { readonly flagged: boolean; readonly p: number | null; readonly share: Estimate };
  readonly longerWins: Estimate;
  readonly tooFast: Estimate;
  /** Agreement at checks, the oldest first: means of eight in a row, of the last forty. */
  readonly trend: readonly number[];
}

export interface GuidelineRow {
  readonly version: number;
  readonly labels: number;
  readonly from: string;
  readonly agreement: Estimate;
  readonly tieRate: Estimate;
  readonly gold: Estimate;
}

/**
 * `breathe` is awaited between the parts: for many labels each takes seconds, and the process has other things to do.
 * @param all the whole project's data where `data` is a part of it
 */
export async function qualityReport(
  data: QualityData,
  random: Random,
  breathe: () => Promise<void>,
  all: QualityData = data,
): Promise<QualityReport> {
  const { labels, checks } = data;
  return {
    labels: labels.length,
    tasks: new Set(labels.map(({ taskId }) => taskId)).size,
    people: new Set(labels.map(({ annotator }) => annotator)).size,
    agreement: await agreementRows(data, random.fork('agreement'), breathe),
    annotators: await annotatorRows(data, random.fork('annotators'), breathe),
    guidelines: guidelineRows(labels, checks, random.fork('guidelines')),
    drifts: driftAlarms(all.labels, all.checks),
    dwell: dwellRows(data),
    biases: {
      firstWins: firstWins(labels, random.fork('first')),
      longerWins: longerWins(labels, data.lengths, random.fork('length')),
      tieRate: tieRate(labels, random.fork('ties')),
      tooFast: tooFast(labels, data.minMs),
    },
  };
}

async function annotatorRows(data: QualityData, random: Random, breathe: () => Promise<void>): Promise<AnnotatorRow[]> {
  const pairs = preferenceRows(rankingsOf(data.labels), 'any').map(({ item, group, annotator, label }) => {
    return { item, annotator, label: String(label), ...(group !== undefined && { cluster: group }) };
  });
  const peers = peerAgreement(pairs, { random: random.fork('peers') });
  const checks = groupBy(data.checks, ({ annotator }) => annotator);
  const people = groupBy(data.labels, ({ annotator }) => annotator);
  // One false alarm in twenty projects, not in twenty people.
  const falseAlarms = 0.05 / people.size;
  const rows: AnnotatorRow[] = [];
  for (const [annotator, labels] of people) {
    await breathe();
    const own = checks.get(annotator) ?? [];
    const position = positionOf(labels, falseAlarms);
    rows.push({
      annotator,
      done: labels.length,
      medianMs: medianTime(labels),
      gold: passedShare(own, 'GOLD'),
      repeats: passedShare(own, 'REPEAT'),
      peers: peers.get(annotator) ?? undefinedEstimate('nobody else labelled the same items', 0),
      position: {
        flagged: position.defined && position.flagged,
        p: position.defined ? position.p : null,
        share: position.defined ? position.firstShare : undefinedEstimate(position.reason, position.n),
      },
      longerWins: longerWins(labels, data.lengths, random.fork(`length ${annotator}`)),
      tooFast: tooFast(labels, data.minMs),
      trend: trendOf(own),
    });
  }
  return rows.sort((a, b) => b.done - a.done || (a.annotator < b.annotator ? -1 : 1));
}

function guidelineRows(labels: readonly QualityLabel[], checks: readonly QualityCheck[], random: Random): GuidelineRow[] {
  return [...groupBy(labels, ({ guideline }) => String(guideline))]
    .map(([version, under]): GuidelineRow => {
      const pairs = rankingPairs(rankingsOf(under));
      return {
        version: Number(version),
        labels: under.length,
        from: new Date(under.reduce((least, { at }) => Math.min(least, at.getTime()), Number.POSITIVE_INFINITY)).toISOString(),
        agreement: estimate(pairwiseRankingAgreement(pairs, 'half'), {
          random: random.fork(version),
          resamples: resamplesOf(under.length),
        }),
        tieRate: tieRate(under, random.fork(`ties ${version}`)),
        gold: passedShare(
          checks.filter(({ guideline }) => String(guideline) === version),
          'GOLD',
        ),
      };
    })
    .sort((a, b) => a.version - b.version);
}

function passedShare(checks: readonly QualityCheck[], purpose: QualityCheck['purpose']): Estimate {
  const own = checks.filter((check) => check.purpose === purpose);
  return wilsonInterval(own.filter(({ passed }) => passed).length, own.length);
}

function medianTime(labels: readonly QualityLabel[]): number | null {
  const times = labels.map(({ activeMs }) => activeMs).filter((activeMs) => activeMs > 0);
  return times.length === 0 ? null : Math.round(quantile(times, 0.5));
}

const inARow = 8;
const shownChecks = 40;

function trendOf(checks: readonly QualityCheck[]): number[] {
  const recent = checks.slice(-shownChecks).map(({ agreement }) => agreement);
  if (recent.length < inARow) return [];
  return recent.slice(inARow - 1).map((_, end) => recent.slice(end, end + inARow).reduce((sum, value) => sum + value, 0) / inARow);
}
