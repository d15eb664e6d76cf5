import type { Tx } from '#lib/db/create-db';
import { AppError } from '#lib/errors';

const windowMs = 10 * 60_000;
/** Messages and reports of one person in a project within ten minutes: more than anybody writes who reads the tasks as well. */
export const writingLimit = { annotator: 20, lead: 200 } as const;

interface Writer {
  readonly userId: string;
  readonly projectId: string;
  readonly now: Date;
  readonly most: number;
}

/**
 * Call in the transaction that writes, before it writes: two requests of one person come one after the other, so that both are counted.
 * @throws AppError RATE_LIMITED
 */
export async function limitWriting(tx: Tx, { userId, projectId, now, most }: Writer): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`writing ${projectId} ${userId}`}, 0))`;
  const since = { gt: new Date(now.getTime() - windowMs) };
  const messages = await tx.taskMessage.count({ where: { projectId, authorId: userId, createdAt: since } });
  const reports = await tx.taskReport.count({ where: { projectId, reporterId: userId, createdAt: since } });
  if (messages + reports < most) return;
  throw new AppError('RATE_LIMITED', `That is ${most} messages and reports within ten minutes; this one was not sent.`, {
    details: { most },
    remedy: 'Keep your text and send it in a few minutes.',
  });
}
