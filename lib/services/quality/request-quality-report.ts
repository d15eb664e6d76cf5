import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { reportScopeShape, reportSubject } from '#lib/domain/quality/report-scope';
import type { Deps } from '#lib/services/deps';
import { addOutbox } from '#lib/services/outbox/add-outbox';
import { authorise } from '#lib/services/people/authorise';

export const requestQualityReportInput = z.strictObject({ projectId: z.uuid(), ...reportScopeShape });

/** Asks a worker to compute the report of a scope anew; asked twice it is computed once. Needs quality.read. */
export async function requestQualityReport(
  deps: Pick<Deps, 'db' | 'queues'>,
  actor: Actor,
  input: z.input<typeof requestQualityReportInput>,
): Promise<void> {
  const { projectId, ...scope } = requestQualityReportInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.read');
  const subjectId = reportSubject(projectId, scope);
  await deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const waiting = await tx.outbox.findFirst({
      where: { kind: 'quality-report', subjectId, doneAt: null },
      select: { id: true },
    });
    if (!waiting) await addOutbox(tx, { kind: 'quality-report', subjectId, dedupeKey: `quality-${subjectId}-${randomUUID()}` });
  });
  await deps.queues.wake();
}
