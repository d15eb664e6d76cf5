import type { Tx } from '#lib/db/create-db';
import { addOutbox } from '../outbox/add-outbox';

/** Puts a paused, failed or cancelled run back into the queue as a new attempt; it goes on from its last checkpoint. */
export async function requeueRun(tx: Tx, runId: string): Promise<void> {
  const run = await tx.run.update({
    where: { id: runId },
    data: {
      status: 'QUEUED',
      attempt: { increment: 1 },
      cancelRequested: false,
      pauseRequested: false,
      reason: null,
      reasonCode: null,
      workerId: null,
      heartbeatAt: null,
      finishedAt: null,
    },
    select: { attempt: true, epoch: true },
  });
  await tx.runEvent.create({ data: { runId, epoch: run.epoch, code: 'requeued', data: { attempt: run.attempt } } });
  await addOutbox(tx, { kind: 'run', subjectId: runId, dedupeKey: `run-${runId}-a${run.attempt}` });
}
