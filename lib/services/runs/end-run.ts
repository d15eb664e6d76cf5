import type { Deps } from '../deps';
import { byRule } from '../loops/move-round';
import { type Claim, fencedWrite } from './fenced-write';
import { type RunEnd, settleRun } from './settle-run';

/** The worker's end of a run without a result: failed, cancelled or paused. Fenced. */
export async function endRun(deps: Pick<Deps, 'db' | 'clock'>, claim: Claim, end: RunEnd): Promise<void> {
  const at = deps.clock.now();
  await fencedWrite(deps.db, claim, (tx) => settleRun(tx, claim.runId, end, byRule, at));
}
