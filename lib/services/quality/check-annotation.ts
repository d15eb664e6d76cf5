import type { Tx } from '#lib/db/create-db';
import { compareAnswers } from '#lib/domain/quality/compare-answers';
import { parseQualityPolicy, type QualityPolicy } from '#lib/domain/quality/quality-policy';
import { AppError } from '#lib/errors';
import { checkDwell } from './check-dwell';
import { type CheckedAnnotation, type CheckedTask, loadExpected } from './check-expected';
import { finishAttemptIfDone } from './finish-attempt';
import { judgeChecks } from './judge-checks';
import { type TrainingFeedback, trainingFeedback } from './training-feedback';

/**
 * What an annotation says about the work of the person, in the transaction that keeps it: was it sent too fast; where the
 * task was a check, how far does the answer agree with the known one, and is that enough to pass or to pause. The
 * annotation itself is never touched. A corrected answer, or one sent anew after it was taken back, takes the place of the
 * first, as long as the person was not shown the result; taking back alone changes no check.
 */
export async function checkAnnotation(tx: Tx, input: CheckedAnnotation): Promise<{ feedback: TrainingFeedback | null }> {
  const [task] = await tx.$queryRaw<(CheckedTask & { labelingPolicy: unknown })[]>`
    select t."id", t."projectId", t."kind"::text as "kind", t."purpose"::text as "purpose", t."guidelineId", t."sourceTaskId", p."labelingPolicy"
    from "Task" t join "Project" p on p."id" = t."projectId" where t."id" = ${input.taskId}`;
  if (!task) throw new AppError('NOT_FOUND', 'There is no such task.');
  const policy = parseQualityPolicy(task.labelingPolicy);
  await checkDwell(tx, task, policy.dwell, input);
  if (task.purpose === 'LABELING' || task.purpose === 'EVALUATION') return { feedback: null };
  const kept = await writeCheck(tx, task, policy, input);
  if (task.purpose === 'TRAINING') return { feedback: await trainingFeedback(tx, task, policy, input) };
  if (task.purpose === 'QUALIFICATION') await finishAttemptIfDone(tx, task, input);
  else if (kept) await judgeChecks(tx, task.projectId, input.annotatorId, policy, input.now);
  return { feedback: null };
}

/** @returns whether the numbers of the person changed */
async function writeCheck(tx: Tx, task: CheckedTask, policy: QualityPolicy, input: CheckedAnnotation): Promise<boolean> {
  const expected = await loadExpected(tx, task, input.annotatorId);
  const result = expected && compareAnswers(expected.content, input.content, { ratingTolerance: policy.gold.ratingTolerance });
  if (!result) return false;
  const { annotationId, annotatorId, taskId, now } = input;
  const earlier = await tx.annotationCheck.findFirst({
    where: { projectId: task.projectId, annotatorId, taskId, voidedAt: null },
    orderBy: { at: 'desc' },
    select: { annotationId: true, at: true },
  });
  if (earlier) {
    // Training shows the right answer at once and asks to try again; elsewhere an answer after the result is no judgement.
    const shown = now.getTime() - earlier.at.getTime() >= policy.revealAfterHours * 3_600_000;
    if (shown && task.purpose !== 'TRAINING') return false;
    await tx.annotationCheck.update({ where: { annotationId: earlier.annotationId }, data: { voidedAt: now } });
  }
  await tx.annotationCheck.create({
    data: {
      annotationId,
      projectId: task.projectId,
      annotatorId,
      taskId,
      purpose: task.purpose,
      guidelineId: task.guidelineId,
      agreement: result.agreement,
      compared: result.compared,
      passed: result.agreement >= policy.gold.passAt,
      againstId: expected.againstId,
      at: now,
    },
  });
  return true;
}
