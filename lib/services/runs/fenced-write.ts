import type { Db, Tx } from '#lib/db/create-db';
import { AppError } from '#lib/errors';

/** What a worker holds while it owns a run. */
export interface Claim {
  readonly runId: string;
  readonly epoch: number;
}

/**
 * Every write of an attempt goes through here: it locks the run's row and refuses where another claim raised the epoch or the run is no
 * longer running, so that a stalled worker that wakes up changes nothing.
 * @throws AppError FENCED
 */
export async function fencedWrite<T>(db: Db, claim: Claim, write: (tx: Tx) => Promise<T>): Promise<T> {
  return db.$transaction(
    async (tx) => {
      await requireClaim(tx, claim);
      return write(tx);
    },
    { maxWait: 30_000, timeout: 120_000 },
  );
}

async function requireClaim(tx: Tx, claim: Claim): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    select "id" from "Run" where "id" = ${claim.runId} and "epoch" = ${claim.epoch} and "status" = 'RUNNING' for update`;
  if (rows.length === 0) {
    throw new AppError('FENCED', 'This process no longer owns the run: another worker took it, or it was ended. Nothing was written.', {
      details: { runId: claim.runId, epoch: claim.epoch },
    });
  }
}
