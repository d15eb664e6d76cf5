import type { Tx } from '#lib/db/create-db';
import { Prisma } from '#lib/db/generated/client';
import { dayOf } from './claim-standing';

export interface Worked {
  readonly userId: string;
  readonly projectId: string;
  readonly purpose: string;
}

/** Training and tests are no work. */
function isCounted(purpose: string): boolean {
  return purpose !== 'TRAINING' && purpose !== 'QUALIFICATION';
}

/** The statement that counts one task more for this person on that day, where the condition holds. */
export function oneMore({ userId, projectId, purpose }: Worked, at: Date, where: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    insert into "WorkDay" ("projectId", "userId", "day", "done") select ${projectId}, ${userId}, ${dayOf(at)}::date, 1 where ${isCounted(purpose)} and ${where}
    on conflict ("projectId", "userId", "day") do update set "done" = "WorkDay"."done" + 1`;
}

/** A task that was sent at that time was taken back. */
export async function oneLess(tx: Tx, { userId, projectId, purpose }: Worked, at: Date): Promise<void> {
  if (!isCounted(purpose)) return;
  await tx.$executeRaw`
    update "WorkDay" set "done" = greatest("done" - 1, 0)
    where "projectId" = ${projectId} and "userId" = ${userId} and "day" = ${dayOf(at)}::date`;
}
