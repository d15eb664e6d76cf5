import { cohenKappa, cohenTest, lightKappa, lightTest } from './cohen';
import { type CompleteTable, completeTable, completeValues, incompleteBecause } from './complete-table';
import { kendallW, kendallWTest, meanPearson, meanSpearman } from './concordance';
import { congerKappa, fleissKappa, fleissKappaOf, fleissTest } from './fleiss';
import { type IntraclassModel, type IntraclassType, type IntraclassUnit, intraclassCorrelation } from './intraclass';
import { krippendorffAlpha, type Metric } from './krippendorff';
import { comparableItems, itemCounts, type Label, type LabelRow, type LabelTable, labelTable } from './label-table';
import { bhapkar, mcNemar, stuartMaxwell } from './marginal-homogeneity';
import { meanItemAgreement, observedAgreement, observedAgreementByAnnotator, unanimousAgreement } from './observed';
import { pairTauB, pairTauTest } from './pair-tau';
import { pairedLabels } from './paired-labels';
import { preferenceReport } from './preference-report';
import {
  type AgreementReport,
  estimateMixed,
  mostCategories,
  mostPairedAnnotators,
  type PairReport,
  type ReportOptions,
  resamplesFor,
} from './report';
import { estimateAll, type WeightedStatistic } from './resample';

export interface LabelReportOptions extends ReportOptions {
  /** Level of measurement of the headline alpha; all four are given beside it. */
  readonly metric: Metric;
  /** The order of texts, lowest first. */
  readonly order?: readonly Label[] | undefined;
  /** How far apart numbers may lie and still count as agreeing, in `unanimousWithinTolerance`. */
  readonly tolerance?: number | undefined;
  /** The label that means a tie, the two others being "first better" and "second better"; `=` beside `<` and `>` needs no saying. */
  readonly tie?: Label | undefined;
}

const metrics = { Nominal: 'nominal', Ordinal: 'ordinal', Interval: 'interval', Ratio: 'ratio' } as const;

/** Everything that can be said about how far labels agree. @throws RangeError where `order` leaves out a label, or `tie` does not fit */
export function labelReport(rows: readonly LabelRow[], options: LabelReportOptions): AgreementReport {
  const table = labelTable(rows, options.order);
  const counts = itemCounts(table);
  const complete = completeTable(table);
  const tie = tieOf(table, options.tie);
  const preference = tie === null ? null : preferenceReport(table, tie);
  const alphas = alphaStatistics((metric) => krippendorffAlpha(table, metric, 'item', counts), options.metric);
  const statistics: Record<string, WeightedStatistic> = {
    observedAgreement: observedAgreement(table, 'all', counts),
    observedAgreementBetweenAnnotators: observedAgreement(table, 'between', counts),
    meanItemAgreement: meanItemAgreement(table, counts),
    unanimousAgreement: unanimousAgreement(table),
    ...(options.tolerance === undefined ? {} : { unanimousWithinTolerance: unanimousAgreement(table, options.tolerance) }),
    ...alphas,
    fleissKappa: fleissKappa(table, 'item', counts),
    congerKappa: congerKappa(complete),
    lightKappa: lightKappa(complete),
    ...(table.annotators.length === 2 ? pairStatistics(table, 0, 1) : {}),
    kendallW: kendallW(complete),
    meanSpearman: meanSpearman(complete),
    meanPearson: meanPearson(complete),
    intraAnnotatorAgreement: observedAgreement(table, 'own', counts),
    ...preference?.statistics,
  };
  const byAnnotator = options.cluster === 'annotator' ? annotatorStatistics(table, options.metric) : {};
  const resamples = resamplesFor(rows.length, options.resamples);
  const settings = { random: options.random, level: options.level, resamples };
  const intraclass = intraclassStatistics(complete, options.level);
  return {
    kind: 'labels',
    statistics: { ...estimateMixed(statistics, byAnnotator, settings), ...intraclass.estimates },
    tests: { ...labelTests(table, complete), ...intraclass.tests },
    preferences: preference?.preferences ?? null,
    categories: categoryKappas(table, settings),
    pairs: table.annotators.length > mostPairedAnnotators ? null : pairReports(table, settings),
    counts: {
      judgements: rows.length,
      items: table.items,
      comparableItems: comparableItems(table),
      annotators: table.annotators.length,
    },
    resamples,
  };
}

function tieOf(table: LabelTable, given: Label | undefined): number | null {
  if (given === undefined) {
    const found = table.categories.indexOf('=');
    return table.categories.every((label) => label === '<' || label === '>' || label === '=') ? found : null;
  }
  const tie = table.categories.findIndex((label) => String(label) === String(given));
  const others = table.categories.length - (tie === -1 ? 0 : 1);
  if (others > 2) throw new RangeError(`beside the tie ${JSON.stringify(given)} there are ${others} labels, not two`);
  return tie;
}

function pairStatistics(table: LabelTable, first: number, second: number): Record<string, WeightedStatistic> {
  const pair = pairedLabels(table, first, second);
  return {
    cohenKappa: cohenKappa(pair),
    cohenKappaLinear: cohenKappa(pair, 'linear'),
    cohenKappaQuadratic: cohenKappa(pair, 'quadratic'),
    kendallTauB: pairTauB(pair),
  };
}

/** The headline, and all four levels; the headline is one of them. */
function alphaStatistics(of: (metric: Metric) => WeightedStatistic, headline: Metric): Record<string, WeightedStatistic> {
  const all = Object.entries(metrics).map(([name, metric]) => ({ name: `krippendorffAlpha${name}`, metric, statistic: of(metric) }));
  const first = all.flatMap(({ metric, statistic }) => (metric === headline ? [['krippendorffAlpha', statistic] as const] : []));
  return Object.fromEntries([...first, ...all.map(({ name, statistic }) => [name, statistic] as const)]);
}

function annotatorStatistics(table: LabelTable, metric: Metric): Record<string, WeightedStatistic> {
  return {
    observedAgreement: observedAgreementByAnnotator(table),
    ...alphaStatistics((each) => krippendorffAlpha(table, each, 'annotator'), metric),
    fleissKappa: fleissKappa(table, 'annotator'),
  };
}

function labelTests(table: LabelTable, complete: CompleteTable): AgreementReport['tests'] {
  const once = (statistic: WeightedStatistic) => statistic.at(new Int32Array(statistic.clusters).fill(1));
  const w = once(kendallW(complete));
  const pair = table.annotators.length === 2 ? pairedLabels(table, 0, 1) : null;
  return {
    fleissKappa: fleissTest(table)?.overall ?? null,
    lightKappa: lightTest(complete, once(lightKappa(complete))),
    kendallW: Number.isNaN(w) ? null : kendallWTest(w, complete.raters, complete.rows),
    ...(pair && {
      cohenKappa: cohenTest(pair),
      kendallTauB: pairTauTest(pair),
      stuartMaxwell: stuartMaxwell(pair),
      bhapkar: bhapkar(pair),
      mcNemar: mcNemarOf(pair),
    }),
  };
}

/** Of two annotators who use two labels. */
function mcNemarOf({ categories, first, second }: ReturnType<typeof pairedLabels>) {
  if (categories.length !== 2) return null;
  let [b, c] = [0, 0];
  for (let at = 0; at < first.length; at += 1) {
    if ((first[at] as number) < (second[at] as number)) b += 1;
    if ((first[at] as number) > (second[at] as number)) c += 1;
  }
  const found = mcNemar(b, c);
  return found && { exactP: found.exactP, chiSquare: found.chiSquare, df: 1, p: found.p };
}

function intraclassStatistics(complete: CompleteTable, level: number) {
  const estimates: Record<string, AgreementReport['statistics'][string]> = {};
  const tests: Record<string, AgreementReport['tests'][string]> = {};
  const values = completeValues(complete, 'numbers');
  const unfit = values === null ? 'labels are texts, not numbers' : incompleteBecause(complete);
  for (const model of ['oneway', 'twoway'] satisfies IntraclassModel[])
    for (const type of ['consistency', 'agreement'] satisfies IntraclassType[])
      for (const unit of ['single', 'average'] satisfies IntraclassUnit[]) {
        const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
        const name = `icc${capital(model)}${capital(type)}${capital(unit)}`;
        if (unfit !== null || values === null) {
          estimates[name] = { defined: false, reason: unfit ?? '', n: complete.rows };
          continue;
        }
        const { estimate, test } = intraclassCorrelation(values, complete.raters, { model, type, unit, level });
        estimates[name] = estimate;
        tests[name] = test;
      }
  return { estimates, tests };
}

type Settings = Parameters<typeof estimateAll>[1];

function categoryKappas(table: LabelTable, settings: Settings): AgreementReport['categories'] {
  if (table.categories.length > mostCategories) return null;
  const counts = itemCounts(table);
  const kappas = Object.fromEntries(table.categories.map((_, category) => [`${category}`, fleissKappaOf(table, category, counts)]));
  const found = estimateAll(kappas, { ...settings, random: settings.random.fork('categories') });
  return table.categories.map((label, category) => ({ label, kappa: found[`${category}`] as AgreementReport['statistics'][string] }));
}

function pairReports(table: LabelTable, settings: Settings): PairReport[] {
  const all = table.annotators.flatMap((a, first) =>
    table.annotators.slice(first + 1).map((b, after) => ({ a, b, first, second: first + 1 + after })),
  );
  const named = all.flatMap(({ first, second }, at) =>
    Object.entries(pairStatistics(table, first, second)).map(([name, statistic]) => [`${at}.${name}`, statistic] as const),
  );
  const found = estimateAll(Object.fromEntries(named), { ...settings, random: settings.random.fork('pairs') });
  return all.map(({ a, b }, at) => ({
    annotators: [a, b],
    statistics: Object.fromEntries(
      Object.entries(found).flatMap(([name, each]) => (name.startsWith(`${at}.`) ? [[name.slice(`${at}.`.length), each]] : [])),
    ),
  }));
}
