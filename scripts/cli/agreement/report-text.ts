import type { AgreementReport } from '#lib/domain/statistics/agreement/report';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { facts, table } from '../terminal';

type Scale = 'share' | 'kappa' | 'alpha' | 'correlation';

/** What a statistic is called below the one before it, on which scale it is put into a word, and what it is called by itself. */
const names: Readonly<Record<string, readonly [title: string, scale: Scale, alone?: string]>> = {
  observedAgreement: ['observed agreement', 'share'],
  observedAgreementBetweenAnnotators: ['between two annotators', 'share'],
  meanItemAgreement: ['mean over items', 'share'],
  unanimousAgreement: ['items on which all agree', 'share'],
  unanimousWithinTolerance: ['items, within the tolerance', 'share'],
  krippendorffAlpha: ['Krippendorff alpha', 'alpha'],
  krippendorffAlphaNominal: ['  nominal', 'alpha', 'nominal alpha'],
  krippendorffAlphaOrdinal: ['  ordinal', 'alpha', 'ordinal alpha'],
  krippendorffAlphaInterval: ['  interval', 'alpha', 'interval alpha'],
  krippendorffAlphaRatio: ['  ratio', 'alpha', 'ratio alpha'],
  fleissKappa: ['Fleiss kappa', 'kappa'],
  congerKappa: ['  exact (Conger)', 'kappa', 'Conger kappa'],
  lightKappa: ['Light kappa', 'kappa'],
  cohenKappa: ['Cohen kappa', 'kappa'],
  cohenKappaLinear: ['  linear weights', 'kappa', 'Cohen kappa with linear weights'],
  cohenKappaQuadratic: ['  quadratic weights', 'kappa', 'Cohen kappa with quadratic weights'],
  kendallTauB: ['Kendall tau-b', 'correlation'],
  kendallW: ['Kendall W', 'correlation'],
  meanSpearman: ['mean Spearman rho', 'correlation'],
  meanPearson: ['mean Pearson r', 'correlation'],
  intraAnnotatorAgreement: ['annotators with themselves', 'share'],
  wmtInterAnnotatorAgreement: ['WMT inter-annotator agreement', 'share'],
  wmtInterAnnotatorKappa: ['WMT inter-annotator kappa', 'kappa'],
  wmtIntraAnnotatorAgreement: ['WMT intra-annotator agreement', 'share'],
  wmtIntraAnnotatorKappa: ['WMT intra-annotator kappa', 'kappa'],
  pairwiseAgreementTieHalf: ['pairs, a tie is half', 'share'],
  pairwiseAgreementStrictOnly: ['pairs without ties', 'share'],
  pairwiseAgreementTieExact: ['pairs, ties agree with ties', 'share'],
  chanceCorrectedAgreement: ['beyond chance (mean tau)', 'correlation'],
  meanKendallTauB: ['mean Kendall tau-b', 'correlation'],
  topRankAgreement: ['same best answer', 'share'],
  pairwiseKappa: ['kappa of pairs', 'kappa'],
};

/** Landis and Koch (1977) for kappas; Krippendorff (2004) for alpha: .800 to rely on, .667 for tentative conclusions. */
function inAWord(value: number, scale: Scale): string {
  if (scale === 'share') return `${(100 * value).toFixed(1)} %`;
  if (scale === 'alpha')
    return value >= 0.8 ? 'reliable' : value >= 2 / 3 ? 'tentative' : value > 0 ? 'too low to rely on' : 'as by chance';
  const steps: readonly (readonly [number, string])[] = [
    [0.8, 'almost perfect'],
    [0.6, 'substantial'],
    [0.4, 'moderate'],
    [0.2, 'fair'],
    [0, 'slight'],
  ];
  return steps.find(([least]) => value > least)?.[1] ?? (scale === 'kappa' ? 'as by chance, or worse' : 'none');
}

const digits = (value: number) => value.toFixed(3);

function titleOf(name: string): readonly [title: string, scale: Scale, alone?: string] {
  return names[name] ?? [intraclassTitle(name), 'correlation'];
}

function row(name: string, each: Estimate): (string | number)[] {
  const [title, scale] = titleOf(name);
  if (!each.defined) return [title, 'undefined', each.reason, each.n, ''];
  return [title, digits(each.value), `${digits(each.low)} to ${digits(each.high)}`, each.n, inAWord(each.value, scale)];
}

/** What has no value, by the reason why. */
function undefinedText(statistics: AgreementReport['statistics']): string {
  const byReason = new Map<string, string[]>();
  for (const [name, each] of Object.entries(statistics)) {
    if (each.defined) continue;
    const title = name.startsWith('icc') ? 'ICC' : (names[name]?.[2] ?? titleOf(name)[0].trim());
    byReason.set(each.reason, [...new Set([...(byReason.get(each.reason) ?? []), title])]);
  }
  return [...byReason].map(([reason, titles]) => `Undefined, because ${reason}: ${titles.join('; ')}.`).join('\n');
}

/** iccTwowayAgreementSingle as "ICC two-way, agreement, single". */
function intraclassTitle(name: string): string {
  const [, model = '', ...rest] = name.split(/(?=[A-Z])/).map((part) => part.toLowerCase());
  return ['ICC', [model.replace('way', '-way'), ...rest].join(', ')].join(' ');
}

export function reportText(report: AgreementReport, about: { readonly confidence: number; readonly clusteredBy: string }): string {
  const { counts, kind, pairs, resamples, statistics, categories } = report;
  const what = kind === 'labels' ? 'labels' : 'rankings';
  const parts = [
    facts([
      [what, counts.judgements],
      ['items', counts.items],
      [`items with two ${what} or more`, counts.comparableItems],
      ['annotators', counts.annotators],
    ]),
    table(
      ['statistic', 'value', `${100 * about.confidence} % interval`, 'n', 'in a word'],
      Object.entries(statistics).flatMap(([name, each]) => (each.defined || name === 'observedAgreement' ? [row(name, each)] : [])),
    ),
  ];
  const missing = undefinedText(statistics);
  if (missing !== '') parts.push(missing);
  const shares = categories?.filter(({ kappa }) => kappa.defined) ?? [];
  if (shares.length > 2)
    parts.push(
      table(
        ['category', 'kappa', 'interval'],
        shares.map(({ label, kappa }) => [String(label), ...row('fleissKappa', kappa).slice(1, 3)]),
      ),
    );
  if (pairs && pairs.length > 1) parts.push(pairTable(report));
  parts.push(`Intervals: ${resamples} draws of ${about.clusteredBy}s; n counts them. Words: docs/statistics.md, "Agreement".`);
  return parts.join('\n\n');
}

function pairTable({ kind, pairs }: AgreementReport): string {
  const name = kind === 'labels' ? 'cohenKappaQuadratic' : 'pairwiseAgreementTieHalf';
  const cell = (each: Estimate | undefined) => (each?.defined ? digits(each.value) : null);
  return table(
    ['annotators', 'shared items', 'Cohen kappa', 'interval', kind === 'labels' ? 'quadratic' : 'pairs, a tie is half'],
    (pairs ?? []).map(({ annotators, statistics }) => {
      const kappa = statistics.cohenKappa;
      return [
        annotators.join(' and '),
        kappa?.n ?? 0,
        cell(kappa),
        kappa?.defined ? `${digits(kappa.low)} to ${digits(kappa.high)}` : (kappa?.reason ?? ''),
        cell(statistics[name]),
      ];
    }),
  );
}
