import { type Command, Option } from 'commander';
import { createRandom } from '#lib/domain/random';
import type { Metric } from '#lib/domain/statistics/agreement/krippendorff';
import { labelReport } from '#lib/domain/statistics/agreement/label-report';
import type { Label } from '#lib/domain/statistics/agreement/label-table';
import type { Clustering } from '#lib/domain/statistics/agreement/observed';
import { rankingReport } from '#lib/domain/statistics/agreement/ranking-report';
import type { AgreementReport } from '#lib/domain/statistics/agreement/report';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { AppError } from '#lib/errors';
import { type Judgements, readJudgements } from '#lib/formats/judgements/read-judgements';
import { reportText } from '../agreement/report-text';
import { action, type CliContext, type Given, type Outcome, optionalText, optionalWhole, text, whole } from '../frame';
import { readStandardInput, readUnpacked } from '../read-input';

export function registerAgreement(program: Command, context: CliContext): void {
  program
    .command('agreement')
    .description('how far annotators agree, with intervals, from a file of judgements; needs no database')
    .requiredOption('--data <file>', 'JSON Lines of labels or rankings, gzip too; - reads standard input')
    .addOption(
      new Option('--level <level>', "level of measurement of Krippendorff's alpha")
        .choices(['nominal', 'ordinal', 'interval', 'ratio'])
        .default('nominal'),
    )
    .option('--order <labels>', 'labels that are texts, from lowest to highest, with commas between them')
    .option('--tie <label>', 'label that means a tie between two answers (default: = beside < and >)')
    .option('--tolerance <n>', 'count numbers this far apart as agreeing, in a statistic of its own')
    .addOption(
      new Option('--cluster <what>', 'what is resampled, where a statistic can do both').choices(['item', 'annotator']).default('item'),
    )
    .option('--confidence <percent>', 'of the intervals', '95')
    .option('--resamples <n>', 'draws for the intervals (default: 1000, fewer for more than 200,000 judgements)')
    .option('--seed <n>', 'of the draws', '1')
    .addHelpText(
      'after',
      `
A row is {"item", "annotator", "label"}, a label a text or a number, with an optional "group" that items belong to; or {"item", "annotator",
"responses", "ranks"}, responses by id in the order shown, lower ranks better, null for an answer set aside. One annotator may judge an item twice.
Every statistic is {"value", "low", "high", "n"}, n the items (or annotators) that it stands on, or {"value": null, "reason"}.

Example:
  plumbline agreement --data labels.jsonl --level ordinal --order low,mid,high --json`,
    )
    .action(action(context, (given) => run(given)));
}

async function run(given: Given): Promise<Outcome> {
  const file = text(given, 'data');
  const remedy = 'Give a JSON Lines file, or - for standard input.';
  const bytes = file === '-' ? await readStandardInput(process.stdin) : await readUnpacked(file, remedy);
  const judgements = readJudgements(bytes, file === '-' ? 'standard input' : file);
  const confidence = share(given, 'confidence');
  const cluster = text(given, 'cluster') as Clustering;
  const seed = whole(given, 'seed', 0);
  const report = reportOf(judgements, given, {
    random: createRandom(seed, 'agreement'),
    cluster,
    level: confidence,
    resamples: optionalWhole(given, 'resamples', 100),
  });
  const settings = {
    confidence,
    clusteredBy: cluster,
    resamples: report.resamples,
    seed,
    ...(judgements.kind === 'labels' ? { level: text(given, 'level') } : {}),
  };
  return { json: reportJson(report, settings), text: reportText(report, settings) };
}

function reportOf(judgements: Judgements, given: Given, options: Parameters<typeof rankingReport>[1]): AgreementReport {
  if (judgements.kind === 'rankings') return rankingReport(judgements.rows, options);
  const tolerance = optionalText(given, 'tolerance');
  if (tolerance !== undefined && !(tolerance.trim() !== '' && Number(tolerance) >= 0))
    throw new AppError('BAD_INPUT', `--tolerance takes a number from 0 on, not "${tolerance}".`, { details: { option: 'tolerance' } });
  try {
    return labelReport(judgements.rows, {
      ...options,
      metric: text(given, 'level') as Metric,
      order: orderOf(optionalText(given, 'order'), typeof judgements.rows[0]?.label === 'number'),
      tolerance: tolerance === undefined ? undefined : Number(tolerance),
      tie: optionalText(given, 'tie'),
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AppError('BAD_INPUT', `The labels do not fit what was asked: ${error.message}.`, {
      remedy: '--order names every label once, from lowest to highest; --tie names one of at most three.',
      cause: error,
    });
  }
}

function orderOf(written: string | undefined, numbers: boolean): Label[] | undefined {
  const order = written?.split(',').map((label) => label.trim());
  return numbers ? order?.map(Number) : order;
}

function share(given: Given, name: string): number {
  const percent = Number(text(given, name));
  if (percent >= 50 && percent < 100) return percent / 100;
  throw new AppError('BAD_INPUT', `--${name} takes a percentage from 50 to below 100, not "${text(given, name)}".`, {
    details: { option: name },
  });
}

/** Observed agreement first; what is undefined says why. */
function reportJson(report: AgreementReport, settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { statistics, pairs, categories, ...rest } = report;
  return {
    ...estimates(statistics),
    tests: rest.tests,
    preferences: rest.preferences,
    categories: categories?.map(({ label, kappa }) => ({ label, kappa: estimateJson(kappa) })) ?? null,
    pairs: pairs?.map((pair) => ({ annotators: pair.annotators, ...estimates(pair.statistics) })) ?? null,
    data: { kind: rest.kind, ...rest.counts },
    settings,
  };
}

function estimates(statistics: Readonly<Record<string, Estimate>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(statistics).map(([name, each]) => [name, estimateJson(each)]));
}

function estimateJson(each: Estimate): Record<string, unknown> {
  return each.defined ? { value: each.value, low: each.low, high: each.high, n: each.n } : { value: null, reason: each.reason };
}
