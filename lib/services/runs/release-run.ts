import type { Deps } from '../deps';
import { type Claim, fencedWrite } from './fenced-write';

/** Gives a run back because this worker stops: it is queued again and goes on from its last checkpoint, here or elsewhere. Fenced. */
export async function releaseRun(deps: Pick<Deps, 'db'>, claim: Claim): Promise<void> {
  await fencedWrite(deps.db, claim, async (tx) => {
    const run = await tx.run.update({
      where: { id: claim.runId },
      data: { status: 'QUEUED', attempt: { increment: 1 }, epoch: { increment: 1 }, workerId: null, heartbeatAt: null },
      select: { epoch: true, step: true },
    });
    await tx.runEvent.create({ data: { runId: claim.runId, epoch: run.epoch, code: 'released', data: { step: run.step } } });
    await tx.outbox.updateMany({ where: { kind: 'run', subjectId: claim.runId, doneAt: null }, data: { enqueuedAt: null } });
  });
}
