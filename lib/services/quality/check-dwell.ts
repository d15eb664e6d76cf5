import type { Tx } from '#lib/db/create-db';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import type { CheckedAnnotation, CheckedTask } from './check-expected';
import { countingSince, lockMembership, noteMembership, pause } from './pause';

/**
 * An answer that came faster than anybody can read is marked. Some within the window: the person is warned; more: paused.
 * The times start anew where a person was resumed.
 */
export async function checkDwell(
  tx: Tx,
  { projectId, kind, purpose }: CheckedTask,
  policy: QualityPolicy['dwell'],
  { annotationId, annotatorId: userId, activeMs, now }: CheckedAnnotation,
): Promise<void> {
  const floorMs = policy.minMs[kind];
  if (activeMs >= floorMs || purpose === 'TRAINING') return;
  await lockMembership(tx, projectId, userId);
  await noteMembership(tx, { projectId, userId, kind: 'too-fast', data: { annotationId, kind, activeMs, floorMs }, actorId: null, now });
  const windowStart = new Date(now.getTime() - policy.withinHours * 3_600_000);
  const resumed = await countingSince(tx, projectId, userId, ['resumed']);
  const since = resumed && resumed > windowStart ? resumed : windowStart;
  const count = await tx.membershipEvent.count({ where: { projectId, userId, kind: 'too-fast', at: { gt: since } } });
  const data = { rule: 'dwell', count, withinHours: policy.withinHours, pauseAt: policy.pauseAt };
  if (policy.pauseAt !== null && count >= policy.pauseAt) {
    await pause(tx, { projectId, userId, reason: null, data, actorId: null, now });
    return;
  }
  if (count === policy.warnAt) await noteMembership(tx, { projectId, userId, kind: 'warned', data, actorId: null, now });
}
