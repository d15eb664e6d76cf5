import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { sha256Hex } from '#lib/domain/canonical-json';
import { snapshotBytes } from '#lib/domain/snapshot';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { linkAnsweringModels } from '#lib/services/lineage/link-answering-models';
import { authorise } from '#lib/services/people/authorise';
import { collectRecords } from './collect-records';
import { writeSnapshot } from './write-snapshot';

const freezeImportedInput = z.strictObject({ projectId: z.uuid() });

/**
 * Freezes the live rankings and choices of a project's imported tasks, those that no round of a loop asked for. Where just these annotations are
 * frozen already, that snapshot is given again. Needs snapshot.freeze.
 * @throws AppError PRECONDITION where nothing is labeled yet; INVARIANT where prompts of one split key lie in two splits
 */
export async function freezeImported(
  deps: Pick<Deps, 'db' | 'clock' | 'blobs'>,
  actor: Actor,
  input: z.input<typeof freezeImportedInput>,
): Promise<{ snapshotId: string; hash: string; annotations: number; isNew: boolean }> {
  const { projectId } = freezeImportedInput.parse(input);
  await authorise(deps, actor, projectId, 'snapshot.freeze');
  return deps.db.$transaction(
    async (tx) => {
      // two at once would write one snapshot twice
      await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
      const records = await collectRecords(tx, projectId, null);
      if (records.length === 0) {
        throw new AppError('PRECONDITION', 'No imported task is ranked or chosen yet, so there is nothing to freeze.', {
          remedy: 'Import tasks of kind RANKING or PAIRWISE and annotate some first.',
        });
      }
      const hash = sha256Hex(snapshotBytes(records));
      const before = await tx.snapshot.findFirst({ where: { projectId, hash, roundId: null }, select: { id: true } });
      if (before) return { snapshotId: before.id, hash, annotations: records.length, isNew: false };
      const { snapshotId } = await writeSnapshot(tx, deps, { projectId, loopId: null, roundId: null }, records);
      await linkAnsweringModels(tx, snapshotId);
      return { snapshotId, hash, annotations: records.length, isNew: true };
    },
    { timeout: 10 * 60_000, maxWait: 10_000 },
  );
}
