import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import { type LabelingPolicy, parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { parseMemberPreferences } from '#lib/domain/member-preferences';
import { AppError } from '#lib/errors';
import { type Membership, membershipColumns, notAMember } from '#lib/services/people/authorise';
import type { Claimer } from './claimable';
import { byHolding, type Held, heldBy } from './held-tasks';

/** Why a member is given no new work now. */
export type Refusal = 'pause' | 'training' | 'qualification' | 'dailyQuota' | 'totalQuota';

export interface Standing extends Claimer {
  readonly policy: LabelingPolicy;
  readonly trained: boolean;
  readonly paused: boolean;
  readonly doneToday: number;
  readonly doneTotal: number;
  readonly dailyQuota: number | null;
  readonly totalQuota: number | null;
}

interface StandingRow {
  readonly skills: string[];
  readonly languages: string[];
  readonly preferences: unknown;
  readonly paused: boolean;
  readonly trained: boolean;
  readonly qualified: boolean;
  readonly dailyQuota: number | null;
  readonly totalQuota: number | null;
  readonly labelingPolicy: unknown;
  readonly doneToday: number;
  readonly doneTotal: number;
}

export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** What a member may do in a project and has done there. @throws AppError NOT_FOUND where he is no member */
export async function loadStanding(tx: Statements, userId: string, projectId: string, now: Date): Promise<Standing> {
  const [row] = await tx.$queryRaw<StandingRow[]>`
    select ${standingColumns(now)} from "Membership" m join "Project" p on p."id" = m."projectId"
    where m."projectId" = ${projectId} and m."userId" = ${userId}`;
  return standingOf(row, userId, projectId);
}

export interface ClaimState {
  readonly membership: Membership;
  readonly standing: Standing;
  /** What the person holds, the one in hand first. */
  readonly held: readonly Held[];
  /** The newest judgement of this person that counts as work; null before the first. */
  readonly lastWork: string | null;
}

/**
 * The same and what a claim asks beside it, in one statement. The last work is looked for from the newest label of the person on, each task by
 * its id, and only where there is any in this project. @throws AppError as loadStanding
 */
export async function loadClaimState(tx: Statements, userId: string, projectId: string, now: Date): Promise<ClaimState> {
  const rows = await tx.$queryRaw<(StandingRow & Membership & { lastWork: string | null } & { [K in keyof Held]: Held[K] | null })[]>`
    select ${standingColumns(now)}, ${membershipColumns}, h."assignmentId", h."slotId", h."createdAt",
      case when exists (select 1 from "WorkDay" w where w."projectId" = p."id" and w."userId" = m."userId") then (
        select n."id" from "Annotation" n
        where n."annotatorId" = m."userId" and (
          select t."projectId" = p."id" and t."purpose" in ('LABELING', 'EVALUATION', 'GOLD', 'REPEAT') from "Task" t where t."id" = n."taskId")
        order by n."createdAt" desc limit 1) end as "lastWork"
    from "Membership" m join "Project" p on p."id" = m."projectId" join "User" u on u."id" = m."userId" left join lateral (${heldBy(userId, projectId)}) h on true
    where m."projectId" = ${projectId} and m."userId" = ${userId}`;
  const held = rows.flatMap(({ assignmentId, slotId, createdAt }) =>
    assignmentId === null || slotId === null || createdAt === null ? [] : [{ assignmentId, slotId, createdAt }],
  );
  const [row] = rows;
  if (!row) throw notAMember();
  const { roles, pseudonym, disabled, lastWork } = row;
  return {
    membership: { roles, pseudonym, disabled },
    standing: standingOf(row, userId, projectId),
    held: held.toSorted(byHolding),
    lastWork,
  };
}

/** Of Membership m and Project p. */
function standingColumns(now: Date): Prisma.Sql {
  return Prisma.sql`
    m."skills", m."languages", m."preferences", m."pausedAt" is not null as "paused", m."trainedAt" is not null as "trained",
    m."qualifiedAt" is not null as "qualified", m."dailyQuota", m."totalQuota", p."labelingPolicy",
    coalesce((select w."done" from "WorkDay" w
      where w."projectId" = p."id" and w."userId" = m."userId" and w."day" = ${dayOf(now)}::date), 0) as "doneToday",
    coalesce((select sum(w."done")::int from "WorkDay" w where w."projectId" = p."id" and w."userId" = m."userId"), 0) as "doneTotal"`;
}

function standingOf(row: StandingRow | undefined, userId: string, projectId: string): Standing {
  if (!row) throw notAMember();
  const policy = parseLabelingPolicy(row.labelingPolicy);
  return {
    userId,
    projectId,
    policy,
    skills: row.skills,
    languages: row.languages,
    hidden: parseMemberPreferences(row.preferences).hiddenCategories.toSorted(),
    paused: row.paused,
    trained: row.trained,
    qualified: row.qualified,
    doneToday: row.doneToday,
    doneTotal: row.doneTotal,
    dailyQuota: row.dailyQuota ?? policy.quota.daily,
    totalQuota: row.totalQuota ?? policy.quota.total,
  };
}

/** What stands against one task more, beside `held` that are in hand. */
export function refusalOf(standing: Standing, held: number): Refusal | null {
  const { policy, trained, qualified, paused, doneToday, doneTotal, dailyQuota, totalQuota } = standing;
  if (paused) return 'pause';
  if (policy.training.required && !trained) return 'training';
  if (policy.qualification.required && !qualified) return 'qualification';
  if (totalQuota !== null && doneTotal + held >= totalQuota) return 'totalQuota';
  return dailyQuota !== null && doneToday + held >= dailyQuota ? 'dailyQuota' : null;
}

const words: Readonly<Record<Refusal, readonly [message: string, remedy: string]>> = {
  pause: ['Your work in this project is paused.', 'Your page says why, and lets you appeal.'],
  training: ['Training comes before the first task.', 'Ask the project lead: there is no training task to do yet.'],
  qualification: ['This project asks for a qualification first.', 'Start the qualification on your page.'],
  dailyQuota: ['You have done all tasks that are planned for you today.', 'Come back tomorrow (days begin at midnight UTC).'],
  totalQuota: ['You have done all tasks that are planned for you in this project.', 'Ask the project lead if you want more.'],
};

/** @throws AppError PRECONDITION whose details.need says what is missing */
export function refuse(refusal: Refusal): never {
  const [message, remedy] = words[refusal];
  throw new AppError('PRECONDITION', message, { details: { need: refusal }, remedy });
}
