import type { Tx } from '#lib/db/create-db';
import type { QualityPolicy } from '#lib/domain/quality/quality-policy';
import { sprtInOrder } from '#lib/domain/statistics/sequential/sprt';
import { countingSince, lockMembership, noteMembership, pause } from './pause';

/**
 * The sequential test on the checks of one person, after each new one: paused as soon as the numbers speak for a poor
 * annotator, passed (and begun anew, so that later checks count afresh) as soon as they speak for a good one.
 */
export async function judgeChecks(tx: Tx, projectId: string, userId: string, policy: QualityPolicy, now: Date): Promise<void> {
  const { enabled, good, poor, falseAlarm, miss, minChecks } = policy.sprt;
  if (!enabled) return;
  await lockMembership(tx, projectId, userId);
  const since = await countingSince(tx, projectId, userId, ['resumed', 'checks-passed']);
  const checks = await tx.annotationCheck.findMany({
    where: { projectId, annotatorId: userId, voidedAt: null, purpose: { in: ['GOLD', 'REPEAT'] }, ...(since && { at: { gt: since } }) },
    orderBy: [{ at: 'asc' }, { annotationId: 'asc' }],
    select: { passed: true },
  });
  const state = sprtInOrder(
    checks.map(({ passed }) => passed),
    { good, bad: poor, failGood: falseAlarm, passBad: miss },
  );
  const passed = checks.filter((check) => check.passed).length;
  const data = { rule: 'checks', passed, checked: checks.length, logRatio: state.logRatio, lower: state.lower, upper: state.upper };
  if (state.decision === 'pass') {
    await noteMembership(tx, { projectId, userId, kind: 'checks-passed', data, actorId: null, now });
    return;
  }
  if (state.decision !== 'fail' || checks.length < minChecks) return;
  await pause(tx, { projectId, userId, reason: null, data, actorId: null, now });
}
