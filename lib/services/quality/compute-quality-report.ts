import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type QualityReport, qualityReport } from '#lib/domain/quality/quality-report';
import { reportScopeShape, reportSubject, scopeKey, withinScope } from '#lib/domain/quality/report-scope';
import { createRandom } from '#lib/domain/random';
import type { Deps } from '#lib/services/deps';
import { completeOutbox } from '#lib/services/outbox/complete-outbox';
import { authorise } from '#lib/services/people/authorise';
import { loadQualityData } from './load-quality-data';

const computeQualityReportInput = z.strictObject({ projectId: z.uuid(), ...reportScopeShape });

/** Computes the report of a scope anew and keeps it. Takes seconds for many labels: the worker and the command line call it, pages do not. Needs quality.read. */
export async function computeQualityReport(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof computeQualityReportInput>,
): Promise<QualityReport> {
  const { projectId, ...scope } = computeQualityReportInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.read');
  const started = deps.clock.now();
  const all = await loadQualityData(deps.db, projectId);
  const random = createRandom('quality-report', projectId);
  const report = await qualityReport(withinScope(all, scope, started), random, () => setImmediate(), all);
  const now = deps.clock.now();
  const kept = {
    report: JSON.parse(JSON.stringify(report)),
    annotations: report.labels,
    tookMs: now.getTime() - started.getTime(),
    // What is newer than the reading is not in it.
    computedAt: started,
  };
  await deps.db.$transaction(async (tx) => {
    const key = { projectId, scope: scopeKey(scope) };
    await tx.qualityReport.upsert({ where: { projectId_scope: key }, create: { ...key, ...kept }, update: kept });
    await completeOutbox(tx, 'quality-report', reportSubject(projectId, scope), now);
  });
  return report;
}
