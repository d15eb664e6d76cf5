import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import { Prisma } from '#lib/db/generated/client';
import { type Band, bandOfOthers, neededTasks, type OwnAgreement, ownAgreement } from '#lib/domain/own-agreement';
import { compareAnswers } from '#lib/domain/quality/compare-answers';
import { createRandom } from '#lib/domain/random';
import type { Cluster } from '#lib/domain/statistics/cluster';

const dayMs = 24 * 3600_000;
/** Agreement with others looks back this many of the person's own tasks. */
const lookBack = 1000;

export interface OwnAgreements {
  /** Everything before this moment is counted, nothing after it. */
  readonly until: Date;
  readonly gold: OwnAgreement;
  readonly goldBand: Band | null;
  readonly repeats: OwnAgreement;
  readonly others: OwnAgreement;
}

/**
 * The end of the day before yesterday: a number that moved with each answer would tell which task was a check, and what
 * the other person said of it.
 */
export function countedUntil(now: Date, revealAfterHours: number): Date {
  const until = new Date(now.getTime() - Math.max(dayMs, revealAfterHours * 3600_000));
  until.setUTCHours(0, 0, 0, 0);
  return until;
}

interface Whose {
  readonly projectId: string;
  readonly userId: string;
  readonly until: Date;
  readonly ratingTolerance: number;
}

export async function loadOwnAgreements(db: Tx, whose: Whose): Promise<OwnAgreements> {
  const { projectId, userId, until } = whose;
  const random = createRandom('own-agreement', userId);
  const checks = await db.annotationCheck.findMany({
    where: { projectId, annotatorId: userId, at: { lt: until }, voidedAt: null, purpose: { in: ['GOLD', 'REPEAT'] } },
    orderBy: { at: 'desc' },
    take: 2 * lookBack,
    select: { purpose: true, agreement: true, compared: true },
  });
  const clusters = (purpose: 'GOLD' | 'REPEAT') =>
    checks.flatMap((check) =>
      check.purpose === purpose ? [{ numerator: check.agreement * check.compared, denominator: check.compared }] : [],
    );
  return {
    until,
    gold: ownAgreement(clusters('GOLD'), random.fork('gold')),
    goldBand: await loadBand(db, whose),
    repeats: ownAgreement(clusters('REPEAT'), random.fork('repeats')),
    others: ownAgreement(await compareWithOthers(db, whose), random.fork('others')),
  };
}

/** The only thing about others that a person's own page is made of; see bandOfOthers for why it gives nobody away. */
async function loadBand(db: Tx, { projectId, userId, until }: Whose): Promise<Band | null> {
  const shares = await db.$queryRaw<{ share: number }[]>`
    select sum("agreement" * "compared") / sum("compared") as "share"
    from "AnnotationCheck"
    where "projectId" = ${projectId} and "annotatorId" <> ${userId} and "purpose" = 'GOLD' and "voidedAt" is null and "at" < ${until}::timestamp
      and "compared" > 0
    group by "annotatorId" having count(*) >= ${neededTasks}`;
  return bandOfOthers(shares.map(({ share }) => share));
}

const contentSchema = z.looseObject({
  ranks: z.record(z.string(), z.number()).optional(),
  aside: z.array(z.string()).optional(),
  bothBad: z.boolean().optional(),
  ratings: z.record(z.string(), z.record(z.string(), z.number())).optional(),
  flags: z.record(z.string(), z.array(z.string())).optional(),
  spans: z.record(z.string(), z.array(z.looseObject({ start: z.number(), end: z.number(), category: z.string() }))).optional(),
});

/** The person's latest tasks that others judged too: on how much of each they agree, the others of a task counted together. */
async function compareWithOthers(db: Tx, { projectId, userId, until, ratingTolerance }: Whose): Promise<Cluster[]> {
  const before = Prisma.sql`"createdAt" < ${until}::timestamp`;
  const rows = await db.$queryRaw<{ own: unknown; others: unknown[] }[]>`
    select a."content" as "own", array_agg(o."content") as "others"
    from (
      select a."taskId", a."content", s."id" as "slotId"
      from "Annotation" a join "Slot" s on s."liveAnnotationId" = a."id" join "Task" t on t."id" = a."taskId"
      where a."annotatorId" = ${userId} and t."projectId" = ${projectId} and t."purpose" in ('LABELING', 'EVALUATION') and a.${before}
      order by a."createdAt" desc limit ${lookBack}) a
    join "Slot" p on p."taskId" = a."taskId" and p."id" <> a."slotId"
    join "Annotation" o on o."id" = p."liveAnnotationId" and o.${before}
    group by a."taskId", a."slotId", a."content"`;
  return rows.map(({ own, others }) => {
    const mine = contentSchema.parse(own);
    const parts = others.flatMap((other) => compareAnswers(contentSchema.parse(other), mine, { ratingTolerance }) ?? []);
    return {
      numerator: parts.reduce((sum, { agreement, compared }) => sum + agreement * compared, 0),
      denominator: parts.reduce((sum, { compared }) => sum + compared, 0),
    };
  });
}
