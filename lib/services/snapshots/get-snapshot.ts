import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getSnapshotInput = z.strictObject({ snapshotId: z.uuid() });

export interface SnapshotView {
  readonly id: string;
  readonly projectId: string;
  readonly loopId: string | null;
  readonly roundId: string | null;
  readonly hash: string;
  /** The data card as it was frozen (lib/domain/snapshot). */
  readonly card: unknown;
  readonly createdAt: Date;
}

/** A snapshot with its data card. Needs snapshot.read. */
export async function getSnapshot(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getSnapshotInput>): Promise<SnapshotView> {
  const { snapshotId } = getSnapshotInput.parse(input);
  const snapshot = await deps.db.snapshot.findUnique({
    where: { id: snapshotId },
    select: { id: true, projectId: true, loopId: true, roundId: true, hash: true, card: true, createdAt: true },
  });
  if (!snapshot) throw new AppError('NOT_FOUND', 'There is no such snapshot.');
  await authorise(deps, actor, snapshot.projectId, 'snapshot.read');
  return snapshot;
}
