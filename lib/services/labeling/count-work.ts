import type { Tx } from '#lib/db/create-db';
import { dayOf } from './claim-standing';

interface Work {
  readonly userId: string;
  readonly projectId: string;
  readonly purpose: string;
  readonly at: Date;
}

/** One task more (or, taken back, less) that this person did on that day; training and tests are no work. */
export async function countWork(tx: Tx, { userId, projectId, purpose, at }: Work, change: 1 | -1): Promise<void> {
  if (purpose === 'TRAINING' || purpose === 'QUALIFICATION') return;
  await tx.$executeRaw`
    insert into "WorkDay" ("projectId", "userId", "day", "done") values (${projectId}, ${userId}, ${dayOf(at)}::date, ${Math.max(change, 0)})
    on conflict ("projectId", "userId", "day") do update set "done" = greatest("WorkDay"."done" + ${change}, 0)`;
}
