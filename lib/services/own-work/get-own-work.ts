import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { TaskKind } from '#lib/db/generated/enums';
import type { Actor } from '#lib/domain/actor';
import { parseLabelingPolicy } from '#lib/domain/labeling-policy';
import type { Deps } from '#lib/services/deps';
import { heldAssignment } from '#lib/services/labeling/claimable';
import { loadProgress } from '#lib/services/labeling/progress';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { countedUntil, loadOwnAgreements, type OwnAgreements } from './agreement';

const getOwnWorkInput = z.strictObject({ projectId: z.uuid() });

const dayMs = 24 * 3600_000;
const days = 14;

export interface OwnWork {
  /** The task in hand, where there is one. */
  readonly held: { readonly kind: TaskKind; readonly answers: number; readonly draftSavedAt: Date | null } | null;
  readonly progress: { readonly today: number; readonly week: number; readonly total: number; readonly left: number };
  /** Tasks a day and in all that this person may do; null = as many as there are. */
  readonly quota: { readonly daily: number | null; readonly total: number | null };
  /** Active time, pauses left out; the median of a task over the last two weeks, null where none was done. */
  readonly time: { readonly todayMs: number; readonly weekMs: number; readonly totalMs: number; readonly medianMs: number | null };
  /** At the rate that holds now; null where the project says nothing of pay. */
  readonly pay: { readonly currency: string; readonly centsPerTask: number } | null;
  /** Tasks of the last two weeks by day (UTC), the oldest first, today last. */
  readonly days: readonly { readonly date: string; readonly done: number }[];
  readonly agreement: OwnAgreements;
}

/** What a person may know of his own work in a project; of others only the band that `agreement` explains. */
export async function getOwnWork(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor, input: z.input<typeof getOwnWorkInput>): Promise<OwnWork> {
  const { projectId } = getOwnWorkInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const now = deps.clock.now();
  const { db } = deps;
  const membership = await db.membership.findUniqueOrThrow({
    where: { projectId_userId: { projectId, userId } },
    select: { dailyQuota: true, totalQuota: true, payCents: true, project: { select: { labelingPolicy: true } } },
  });
  const policy = parseLabelingPolicy(membership.project.labelingPolicy);
  const cents = membership.payCents ?? policy.pay.centsPerTask;
  const whose = { projectId, userId, now };
  const [progress, held, daily, time, agreement] = await Promise.all([
    loadProgress(db, userId, projectId, now),
    loadHeldTask(db, whose),
    loadDays(db, whose),
    loadTime(db, whose),
    loadOwnAgreements(db, {
      projectId,
      userId,
      until: countedUntil(now, policy.revealAfterHours),
      ratingTolerance: policy.gold.ratingTolerance,
    }),
  ]);
  return {
    held,
    progress: {
      today: progress.doneToday,
      week: daily.slice(-7).reduce((sum, { done }) => sum + done, 0),
      total: progress.doneTotal,
      left: progress.left,
    },
    quota: { daily: membership.dailyQuota ?? policy.quota.daily, total: membership.totalQuota ?? policy.quota.total },
    time,
    pay: cents === null ? null : { currency: policy.pay.currency, centsPerTask: cents },
    days: daily,
    agreement,
  };
}

interface Whose {
  readonly projectId: string;
  readonly userId: string;
  readonly now: Date;
}

async function loadHeldTask(db: Tx, { projectId, userId }: Whose): Promise<OwnWork['held']> {
  const [row] = await db.$queryRaw<{ kind: TaskKind; answers: number; draftSavedAt: Date | null }[]>`
    select t."kind"::text as "kind", a."draftSavedAt", (select count(*)::int from "TaskResponse" r where r."taskId" = t."id") as "answers"
    from "Assignment" a join "Slot" s on ${heldAssignment} join "Task" t on t."id" = a."taskId"
    where a."annotatorId" = ${userId} and s."projectId" = ${projectId}
    order by a."createdAt", a."id" limit 1`;
  return row ? { kind: row.kind, answers: row.answers, draftSavedAt: row.draftSavedAt } : null;
}

function midnight(now: Date, daysBefore: number): Date {
  const at = new Date(now.getTime() - daysBefore * dayMs);
  at.setUTCHours(0, 0, 0, 0);
  return at;
}

async function loadDays(db: Tx, { projectId, userId, now }: Whose): Promise<OwnWork['days']> {
  const rows = await db.$queryRaw<{ date: string; done: number }[]>`
    select to_char(a."submittedAt", 'YYYY-MM-DD') as "date", count(*)::int as "done"
    from "Assignment" a join "Task" t on t."id" = a."taskId"
    where a."annotatorId" = ${userId} and t."projectId" = ${projectId} and a."submittedAt" >= ${midnight(now, days - 1)}::timestamp
      and t."purpose" not in ('TRAINING', 'QUALIFICATION')
    group by 1`;
  const done = new Map(rows.map((row) => [row.date, row.done]));
  return Array.from({ length: days }, (_, index) => {
    const date = midnight(now, days - 1 - index)
      .toISOString()
      .slice(0, 10);
    return { date, done: done.get(date) ?? 0 };
  });
}

async function loadTime(db: Tx, { projectId, userId, now }: Whose): Promise<OwnWork['time']> {
  const [row] = await db.$queryRaw<{ today: number; week: number; total: number; median: number | null }[]>`
    select coalesce(sum(a."activeMs") filter (where a."createdAt" >= ${midnight(now, 0)}::timestamp), 0)::float8 as "today",
      coalesce(sum(a."activeMs") filter (where a."createdAt" >= ${midnight(now, 6)}::timestamp), 0)::float8 as "week",
      coalesce(sum(a."activeMs"), 0)::float8 as "total",
      percentile_cont(0.5) within group (order by a."activeMs")
        filter (where a."createdAt" >= ${midnight(now, days - 1)}::timestamp and a."supersedesId" is null) as "median"
    from "Annotation" a join "Task" t on t."id" = a."taskId"
    where a."annotatorId" = ${userId} and t."projectId" = ${projectId} and a."withdrawsId" is null`;
  const { today = 0, week = 0, total = 0, median = null } = row ?? {};
  return { todayMs: today, weekMs: week, totalMs: total, medianMs: median };
}
