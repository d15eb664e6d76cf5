import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { AnnotatorRow, QualityReport } from '#lib/domain/quality/quality-report';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { seesNames } from '#lib/services/people/sees-names';
import { personLabel } from './person-label';

export const getQualityReportInput = z.strictObject({ projectId: z.uuid() });

export interface PersonRow extends Omit<AnnotatorRow, 'annotator'> {
  readonly userId: string;
  readonly label: string;
  /** Null where names are hidden from the reader. */
  readonly name: string | null;
  readonly paused: boolean;
}

export interface QualityReportView {
  /** Null: nothing was computed yet. */
  readonly report: (Omit<QualityReport, 'annotators'> & { readonly people: number; readonly rows: readonly PersonRow[] }) | null;
  /** The report holds what was there at this time. */
  readonly computedAt: Date | null;
  readonly tookMs: number | null;
  /** A worker computes it now, or will. */
  readonly pending: boolean;
  readonly namesShown: boolean;
}

/** The report as it was computed last; it never computes. Needs quality.read. */
export async function getQualityReport(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getQualityReportInput>,
): Promise<QualityReportView> {
  const { projectId } = getQualityReportInput.parse(input);
  const member = await authorise(deps, actor, projectId, 'quality.read');
  const namesShown = seesNames(member);
  const kept = await deps.db.qualityReport.findUnique({ where: { projectId } });
  const waiting = await deps.db.outbox.findFirst({
    where: { kind: 'quality-report', subjectId: projectId, doneAt: null },
    select: { id: true },
  });
  const base = { computedAt: kept?.computedAt ?? null, tookMs: kept?.tookMs ?? null, pending: waiting !== null, namesShown };
  if (!kept) return { ...base, report: null };
  const { annotators, ...report } = kept.report as unknown as QualityReport;
  const members = await deps.db.membership.findMany({
    where: { projectId, userId: { in: annotators.map(({ annotator }) => annotator) } },
    select: { userId: true, pseudonym: true, pausedAt: true, user: { select: { name: true } } },
  });
  const rows = annotators.map(({ annotator: userId, ...row }): PersonRow => {
    const known = members.find((one) => one.userId === userId);
    return {
      userId,
      ...row,
      label: personLabel(known?.pseudonym ?? userId),
      name: namesShown ? (known?.user.name ?? null) : null,
      paused: known?.pausedAt != null,
    };
  });
  return { ...base, report: { ...report, rows } };
}
