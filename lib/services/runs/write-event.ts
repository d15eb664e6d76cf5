import type { Deps } from '../deps';
import { type Claim, fencedWrite } from './fenced-write';

/** What happened to a run, beside its numbers. Fenced. */
export async function writeEvent(
  deps: Pick<Deps, 'db'>,
  claim: Claim,
  event: { code: string; data: Readonly<Record<string, unknown>> },
): Promise<void> {
  await fencedWrite(deps.db, claim, async (tx) => {
    await tx.runEvent.create({ data: { runId: claim.runId, epoch: claim.epoch, code: event.code, data: event.data as object } });
  });
}
