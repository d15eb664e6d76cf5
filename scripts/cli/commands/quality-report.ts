import type { Command } from 'commander';
import { z } from 'zod';
import type { AgreementRow } from '#lib/domain/quality/agreement-rows';
import type { QualityReport } from '#lib/domain/quality/quality-report';
import { reportPeriods, reportScopeShape } from '#lib/domain/quality/report-scope';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { computeQualityReport } from '#lib/services/quality/compute-quality-report';
import { findProject } from '../find';
import { action, type CliContext, optionalWhole, text } from '../frame';
import { openInstallation } from '../installation';

export function registerQualityReport(quality: Command, context: CliContext): void {
  quality
    .command('report')
    .description('compute how far the labels of a project can be trusted, and keep it for the page')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--days <days>', `only labels of so many days (${reportPeriods.join(', ')}; left out: all)`)
    .option('--guideline <version>', 'only labels under this version of the guideline (left out: all)')
    .addHelpText(
      'after',
      `
Agreement by what people judged, each person's checks, times and biases, guideline versions side by side, drift. Every number has its n and interval, or says why it is undefined. Alarms of drift stand on everything, whatever the report is limited to.

Example:
  plumbline quality report --project helpful-answers --json`,
    )
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { deps, actor } = installation;
        const project = await findProject(installation, text(given, 'project'));
        const [days, guideline] = [optionalWhole(given, 'days', 1) ?? null, optionalWhole(given, 'guideline', 1) ?? null];
        const scope = z.object(reportScopeShape).parse({ days, guideline });
        const report = await computeQualityReport(deps, actor, { projectId: project.id, ...scope });
        return { json: { project: project.slug, ...report }, text: describe(report) };
      }),
    );
}

function describe(report: QualityReport): string {
  const { labels, people, tasks, agreement, annotators, drifts, biases } = report;
  return [
    `${labels} labels by ${people} people on ${tasks} tasks.`,
    ...agreement.map((row) => `${nameOf(row)}: ${shown(row.estimate)}`),
    ...Object.entries(biases).map(([name, estimate]) => `${name}: ${shown(estimate)}`),
    ...annotators.map(({ annotator, done, gold, peers }) => `${annotator}: ${done} done; gold ${shown(gold)}; with others ${shown(peers)}`),
    ...drifts.map(
      ({ annotator, since, before, after, oneIn }) =>
        `${annotator} has drifted since ${since}: checks passed ${shown(before)} before, ${shown(after)} since; by chance at most 1 in ${oneIn}`,
    ),
  ].join('\n');
}

function nameOf({ subject, label, measure }: AgreementRow): string {
  return `${label ?? subject}, ${measure}`;
}

function shown(estimate: Estimate): string {
  if (!estimate.defined) return `undefined: ${estimate.reason}`;
  const number = (value: number) => value.toFixed(3);
  return `${number(estimate.value)} (${number(estimate.low)} to ${number(estimate.high)}, n = ${estimate.n})`;
}
