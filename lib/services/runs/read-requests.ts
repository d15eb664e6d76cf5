import type { Deps } from '../deps';
import type { Claim } from './fenced-write';

export type RunRequest = 'cancel' | 'pause' | 'fenced' | null;

/** What people asked of the run since it was claimed; `fenced` where it is no longer this worker's. */
export async function readRequests(deps: Pick<Deps, 'db'>, claim: Claim): Promise<RunRequest> {
  const run = await deps.db.run.findUnique({
    where: { id: claim.runId },
    select: { epoch: true, status: true, cancelRequested: true, pauseRequested: true },
  });
  if (!run || run.epoch !== claim.epoch || run.status !== 'RUNNING') return 'fenced';
  if (run.cancelRequested) return 'cancel';
  return run.pauseRequested ? 'pause' : null;
}
