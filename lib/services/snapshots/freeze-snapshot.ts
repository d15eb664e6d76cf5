import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { afterSnapshot } from '#lib/services/loops/after-snapshot';
import { authorise } from '#lib/services/people/authorise';
import { collectRecords } from './collect-records';
import { writeSnapshot } from './write-snapshot';

export const freezeSnapshotInput = z.strictObject({ roundId: z.uuid() });

/**
 * Freezes the live labels of the loop's rounds up to this one: canonical bytes into the blob store, their hash as the
 * name of the snapshot, one row for each annotation, and the round moves on, in one transaction. The same annotations
 * give the same hash. A round has one snapshot: called again it gives that one.
 * @throws AppError PRECONDITION where the round is not at FREEZING, or no answer was ranked; INVARIANT where prompts of one split key lie in two splits
 */
export async function freezeSnapshot(
  deps: Pick<Deps, 'db' | 'clock' | 'blobs' | 'queues'>,
  actor: Actor,
  input: z.input<typeof freezeSnapshotInput>,
): Promise<{ snapshotId: string; hash: string; annotations: number }> {
  const { roundId } = freezeSnapshotInput.parse(input);
  const found = await deps.db.round.findUnique({ where: { id: roundId }, select: { loop: { select: { projectId: true } } } });
  if (!found) throw new AppError('NOT_FOUND', 'There is no such round.', { details: { roundId } });
  const { projectId } = found.loop;
  await authorise(deps, actor, projectId, 'snapshot.freeze');

  const frozen = await deps.db.$transaction(
    async (tx) => {
      await tx.$queryRaw`select 1 from "Round" where "id" = ${roundId} for update`;
      const round = await tx.round.findUniqueOrThrow({ where: { id: roundId }, select: { stage: true, ordinal: true, loopId: true } });
      const before = await tx.snapshot.findUnique({
        where: { roundId },
        select: { id: true, hash: true, _count: { select: { annotations: true } } },
      });
      if (before) {
        await afterSnapshot(tx, { roundId, snapshotId: before.id });
        return { snapshotId: before.id, hash: before.hash, annotations: before._count.annotations };
      }
      if (round.stage !== 'FREEZING') {
        throw new AppError('PRECONDITION', `The round is at ${round.stage}; a snapshot is frozen after the labeling.`, {
          details: { stage: round.stage },
        });
      }
      const records = await collectRecords(tx, projectId, { loopId: round.loopId, ordinal: round.ordinal });
      if (records.length === 0) {
        throw new AppError('PRECONDITION', 'Nothing is labeled yet, so there is nothing to freeze.', { remedy: 'Rank some tasks first.' });
      }
      const { snapshotId, hash } = await writeSnapshot(tx, deps, { projectId, loopId: round.loopId, roundId }, records);
      await afterSnapshot(tx, { roundId, snapshotId });
      return { snapshotId, hash, annotations: records.length };
    },
    { timeout: 10 * 60_000, maxWait: 10_000 },
  );
  await deps.queues.wake();
  return frozen;
}
