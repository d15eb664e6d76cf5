import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type QualityReport, qualityReport } from '#lib/domain/quality/quality-report';
import { createRandom } from '#lib/domain/random';
import type { Deps } from '#lib/services/deps';
import { completeOutbox } from '#lib/services/outbox/complete-outbox';
import { authorise } from '#lib/services/people/authorise';
import { loadQualityData } from './load-quality-data';

const computeQualityReportInput = z.strictObject({ projectId: z.uuid() });

/** Computes the report anew and keeps it. Takes seconds for many labels: the worker and the command line call it, pages do not. Needs quality.read. */
export async function computeQualityReport(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof computeQualityReportInput>,
): Promise<QualityReport> {
  const { projectId } = computeQualityReportInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.read');
  const started = deps.clock.now();
  const data = await loadQualityData(deps.db, projectId);
  const report = await qualityReport(data, createRandom('quality-report', projectId), () => setImmediate());
  const now = deps.clock.now();
  const kept = {
    report: JSON.parse(JSON.stringify(report)),
    annotations: report.labels,
    tookMs: now.getTime() - started.getTime(),
    // What is newer than the reading is not in it.
    computedAt: started,
  };
  await deps.db.$transaction(async (tx) => {
    await tx.qualityReport.upsert({ where: { projectId }, create: { projectId, ...kept }, update: kept });
    await completeOutbox(tx, 'quality-report', projectId, now);
  });
  return report;
}
