import { z } from 'zod';
import type { Db } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import type { DriftAlarm } from '#lib/domain/quality/drift-alarms';
import type { AnnotatorRow, QualityReport } from '#lib/domain/quality/quality-report';
import { reportScopeShape, reportSubject, scopeKey } from '#lib/domain/quality/report-scope';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { seesNames } from '#lib/services/people/sees-names';
import { personLabel } from './person-label';

export const getQualityReportInput = z.strictObject({ projectId: z.uuid(), ...reportScopeShape });

export interface PersonRow extends Omit<AnnotatorRow, 'annotator'> {
  readonly userId: string;
  readonly label: string;
  /** Null where names are hidden from the reader. */
  readonly name: string | null;
  readonly paused: boolean;
}

export interface PersonDrift extends Omit<DriftAlarm, 'annotator'> {
  readonly userId: string;
  readonly label: string;
  readonly name: string | null;
  readonly paused: boolean;
}

export interface QualityReportView {
  /** Null: nothing was computed yet. */
  readonly report:
    | (Omit<QualityReport, 'annotators' | 'drifts'> & { readonly rows: readonly PersonRow[]; readonly drifts: readonly PersonDrift[] })
    | null;
  /** The report holds what was there at this time. */
  readonly computedAt: Date | null;
  readonly tookMs: number | null;
  /** A worker computes it now, or will. */
  readonly pending: boolean;
  readonly namesShown: boolean;
}

/** The report of a scope as it was computed last; it never computes. Needs quality.read. */
export async function getQualityReport(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getQualityReportInput>,
): Promise<QualityReportView> {
  const { projectId, ...scope } = getQualityReportInput.parse(input);
  const member = await authorise(deps, actor, projectId, 'quality.read');
  const namesShown = seesNames(member);
  const kept = await deps.db.qualityReport.findUnique({ where: { projectId_scope: { projectId, scope: scopeKey(scope) } } });
  const waiting = await deps.db.outbox.findFirst({
    where: { kind: 'quality-report', subjectId: reportSubject(projectId, scope), doneAt: null },
    select: { id: true },
  });
  const base = { computedAt: kept?.computedAt ?? null, tookMs: kept?.tookMs ?? null, pending: waiting !== null, namesShown };
  if (!kept) return { ...base, report: null };
  const { annotators, drifts, ...report } = kept.report as unknown as QualityReport;
  const person = await loadPersons(deps.db, projectId, namesShown);
  return {
    ...base,
    report: {
      ...report,
      rows: annotators.map(({ annotator, ...row }) => ({ ...row, ...person(annotator) })),
      drifts: await openDrifts(deps.db, projectId, drifts, person),
    },
  };
}

async function loadPersons(db: Db, projectId: string, namesShown: boolean) {
  const members = await db.membership.findMany({
    where: { projectId },
    select: { userId: true, pseudonym: true, pausedAt: true, user: { select: { name: true } } },
  });
  const known = new Map(members.map((member) => [member.userId, member]));
  return (userId: string) => {
    const member = known.get(userId);
    return {
      userId,
      label: personLabel(member?.pseudonym ?? userId),
      name: namesShown ? (member?.user.name ?? null) : null,
      paused: member?.pausedAt != null,
    };
  };
}

/** Alarms that nobody has answered since they were raised, by saying that it is no problem or by a pause and its end. */
async function openDrifts(
  db: Db,
  projectId: string,
  drifts: readonly DriftAlarm[],
  person: Awaited<ReturnType<typeof loadPersons>>,
): Promise<PersonDrift[]> {
  const answered = await db.membershipEvent.findMany({
    where: { projectId, kind: { in: ['drift-dismissed', 'resumed'] }, userId: { in: drifts.map(({ annotator }) => annotator) } },
    select: { userId: true, at: true },
  });
  return drifts
    .filter((alarm) => !answered.some(({ userId, at }) => userId === alarm.annotator && at >= new Date(alarm.raisedAt)))
    .map(({ annotator, ...alarm }) => ({ ...alarm, ...person(annotator) }));
}
