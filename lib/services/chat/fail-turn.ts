import type { Deps } from '#lib/services/deps';
import type { TurnJob } from './load-turn';
import { ownsTurn } from './write-reply';

const firstWait = 1_000;

/**
 * An attempt ended without a reply: its process died, or the record was away. It is made again, later each time; after the last one the
 * person reads that this side gave no reply, and may ask again.
 */
export async function failTurn(deps: Pick<Deps, 'db' | 'clock' | 'config'>, job: TurnJob, why: string): Promise<void> {
  const at = deps.clock.now();
  await deps.db.$transaction(async (tx) => {
    if (!(await ownsTurn(tx, job))) return;
    if (job.attempt + 1 < deps.config.maxAttempts) {
      const availableAt = new Date(at.getTime() + firstWait * 2 ** job.attempt);
      await tx.outbox.update({
        where: { id: job.outboxId },
        data: { attempt: { increment: 1 }, enqueuedAt: null, availableAt, lastError: why },
      });
      return;
    }
    const { subjectId } = await tx.outbox.update({ where: { id: job.outboxId }, data: { doneAt: at, lastError: why } });
    await tx.chatReply.updateMany({
      where: { turnId: subjectId, state: 'PENDING' },
      data: { state: 'FAILED', reason: 'GAVE_UP', finishedAt: at },
    });
  });
}

/** The worker is being stopped: the next one takes the turn up at once, and the attempt does not count against it. */
export async function releaseTurn(deps: Pick<Deps, 'db' | 'clock'>, job: TurnJob): Promise<void> {
  await deps.db.outbox.updateMany({
    where: { id: job.outboxId, attempt: job.attempt, doneAt: null },
    data: { attempt: { increment: 1 }, enqueuedAt: null, availableAt: deps.clock.now() },
  });
}
