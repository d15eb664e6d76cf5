import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { assignmentPolicy, leaseExpiry } from '#lib/domain/assignment';
import type { Deps } from '#lib/services/deps';
import { requireUser } from '#lib/services/people/authorise';
import { loadHeld, renewLease } from './held-tasks';

export const heartbeatAssignmentsInput = z.strictObject({
  assignmentIds: z
    .array(z.uuid())
    .min(1)
    .max(assignmentPolicy.maxHeld + 2),
});

export interface HeartbeatView {
  readonly assignmentId: string;
  /** False: the slot was given to another. What this person sends is kept, and may be surplus. */
  readonly held: boolean;
  readonly expiresAt: Date | null;
}

/** Renews the leases of an open page: the task in hand for long, the one ahead for short. */
export async function heartbeatAssignments(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof heartbeatAssignmentsInput>,
): Promise<readonly HeartbeatView[]> {
  const { assignmentIds } = heartbeatAssignmentsInput.parse(input);
  const userId = requireUser(actor);
  const now = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    const views: HeartbeatView[] = [];
    for (const assignmentId of assignmentIds) {
      const assignment = await tx.assignment.findFirst({
        where: { id: assignmentId, annotatorId: userId },
        select: { task: { select: { projectId: true } } },
      });
      const held = assignment ? await loadHeld(tx, userId, assignment.task.projectId) : [];
      const position = held.findIndex((one) => one.assignmentId === assignmentId);
      const mine = held[position];
      const expiresAt = leaseExpiry(now, position > 0);
      const renewed = mine !== undefined && (await renewLease(tx, userId, mine, expiresAt));
      if (renewed) await tx.assignment.update({ where: { id: assignmentId }, data: { heartbeatAt: now } });
      views.push({ assignmentId, held: renewed, expiresAt: renewed ? expiresAt : null });
    }
    return views;
  });
}
