import type { Tx } from '#lib/db/create-db';
import type { ReplyFailure } from '#lib/domain/chat';
import type { Deps } from '#lib/services/deps';
import { completeOutbox } from '../outbox/complete-outbox';
import type { TurnJob } from './load-turn';

export interface WrittenReply {
  readonly turnId: string;
  readonly side: number;
  readonly outcome: { readonly text: string; readonly tokenIds: readonly number[] } | { readonly failed: ReplyFailure };
}

/** Keeps a reply, and closes the turn's work with the last one. An attempt that another one took over from changes nothing. */
export async function writeReply(deps: Pick<Deps, 'db' | 'clock'>, job: TurnJob, reply: WrittenReply): Promise<void> {
  const { turnId, side, outcome } = reply;
  await deps.db.$transaction(async (tx) => {
    if (!(await ownsTurn(tx, job))) return;
    const finishedAt = deps.clock.now();
    await tx.chatReply.updateMany({
      where: { turnId, side, state: 'PENDING' },
      data:
        'failed' in outcome
          ? { state: 'FAILED', reason: outcome.failed, finishedAt }
          : { state: 'DONE', text: outcome.text, tokenIds: [...outcome.tokenIds], finishedAt },
    });
    const open = await tx.chatReply.count({ where: { turnId, state: 'PENDING' } });
    if (open === 0) await completeOutbox(tx, 'chat-turn', turnId, finishedAt);
  });
}

/** Locks the row of the work; false where it is done, or another attempt's. */
export async function ownsTurn(tx: Tx, job: TurnJob): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select 1 from "Outbox" where "id" = ${job.outboxId} and "attempt" = ${job.attempt} and "doneAt" is null for update`;
  return rows.length === 1;
}
