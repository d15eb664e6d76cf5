import { toAppError } from '#lib/db/create-db';
import { type AppError, retryable } from '#lib/errors';
import type { Deps } from '../deps';
import { lockRound } from '../loops/lock-round';
import { byRule, moveRound } from '../loops/move-round';

const longestWait = 300_000;

/**
 * Keeps why a general job failed. It is tried again, later each time; where that cannot help, or was tried often enough, the row is closed
 * and its round stops with the reason, for a person to go on from.
 */
export async function failOutbox(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  job: { outboxId: string; attempt: number },
  cause: unknown,
): Promise<void> {
  const error = toAppError(cause);
  const at = deps.clock.now();
  await deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select "id" from "Outbox" where "id" = ${job.outboxId} for update`;
    const row = await tx.outbox.findUnique({ where: { id: job.outboxId } });
    if (!row || row.doneAt || row.attempt !== job.attempt) return;
    const again = retryable[error.code] || error.code === 'CONFLICT' || error.code === 'INTERNAL';
    if (again && row.attempt + 1 < deps.config.maxAttempts) {
      const wait = Math.min(longestWait, 1000 * 2 ** row.attempt);
      await tx.outbox.update({
        where: { id: row.id },
        data: { attempt: { increment: 1 }, enqueuedAt: null, availableAt: new Date(at.getTime() + wait), lastError: describe(error) },
      });
      return;
    }
    await tx.outbox.update({ where: { id: row.id }, data: { doneAt: at, lastError: describe(error) } });
    if (row.kind !== 'advance-round' && row.kind !== 'freeze-snapshot') return;
    const round = await lockRound(tx, row.subjectId);
    if (round.status !== 'RUNNING') return;
    await moveRound(tx, round, 'failed', byRule, at, { reason: describe(error), reasonCode: error.code, resumable: true });
  });
}

function describe(error: AppError): string {
  return error.remedy ? `${error.message} ${error.remedy}` : error.message;
}
