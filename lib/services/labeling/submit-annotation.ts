import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { afterAnnotation } from '#lib/services/loops/after-annotation';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { claimFor } from './claim-task';
import { unheld } from './claimable';
import type { AssignmentView } from './get-assignment-view';
import { parseSubmission } from './parse-submission';
import { type Acknowledgement, findAcknowledgement, lockTask, writeAnnotation } from './write-annotation';

const dayMs = 24 * 3600_000;

export const idempotencyKeySchema = z.string().min(8).max(100);
/** Time that the person was active on the task, as the page measured it; milliseconds. */
export const activeMsSchema = z
  .number()
  .min(0)
  .transform((value) => Math.round(Math.min(value, dayMs)));

export const submitAnnotationInput = z.strictObject({
  assignmentId: z.uuid(),
  /** Made by the page once for each submission; the same key again gives the same acknowledgement. */
  idempotencyKey: idempotencyKeySchema,
  content: z.unknown(),
  activeMs: activeMsSchema,
});

export interface SubmittedAnnotation extends Acknowledgement {
  /** A task that this person does not hold yet: the one after the preloaded one, where there is one. Null where nothing is left now. */
  readonly next: AssignmentView | null;
}

/**
 * Keeps a person's judgement: annotation, slot, assignment and what follows from them in one transaction. A late one is
 * kept as well, in another slot of the task that wants it, or as surplus.
 * @throws AppError BAD_INPUT where an answer is missing; CONFLICT where the task was sent already
 */
export async function submitAnnotation(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof submitAnnotationInput>,
): Promise<SubmittedAnnotation> {
  const { assignmentId, idempotencyKey, content, activeMs } = submitAnnotationInput.parse(input);
  const userId = requireUser(actor);
  const assignment = await deps.db.assignment.findFirst({
    where: { id: assignmentId, annotatorId: userId },
    select: { taskId: true, displayOrder: true, task: { select: { projectId: true } } },
  });
  if (!assignment) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { taskId, displayOrder } = assignment;
  const { projectId } = assignment.task;
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const parsed = await parseSubmission(deps.db, { taskId, displayOrder }, content);

  const { acknowledgement, full } = await deps.db.$transaction(async (tx) => {
    const now = deps.clock.now();
    await lockTask(tx, taskId);
    const before = await findAcknowledgement(tx, userId, idempotencyKey, { assignmentId });
    if (before) return { acknowledgement: before, full: false };
    const slotId = await takeSlot(tx, { userId, taskId, now });
    const { count } = await tx.assignment.updateMany({
      where: { id: assignmentId, submittedAt: null },
      data: { submittedAt: now, ...(slotId && { slotId }) },
    });
    if (count === 0) {
      throw new AppError('CONFLICT', 'This task was sent already.', { remedy: 'Take it back or correct it instead.' });
    }
    const acknowledged = await writeAnnotation(
      tx,
      {
        taskId,
        slotId,
        assignmentId,
        annotatorId: userId,
        content: parsed,
        displayOrder,
        idempotencyKey,
        surplus: slotId === null,
        activeMs,
      },
      now,
    );
    if (slotId !== null) {
      // Whoever held the slot on a lease that ran out, or this person on another page, holds it no longer.
      await tx.assignment.updateMany({ where: { slotId, releasedAt: null, submittedAt: null }, data: { releasedAt: now } });
      await tx.slot.update({
        where: { id: slotId },
        data: { state: 'FILLED', annotatorId: userId, leaseExpiresAt: null, liveAnnotationId: acknowledged.annotationId },
      });
    }
    // Only a task that became full can move its round; so only then the round is locked.
    const taskFull = slotId !== null && (await closeTaskIfFull(tx, taskId));
    if (taskFull) await afterAnnotation(tx, taskId);
    return { acknowledgement: acknowledged, full: taskFull };
  });
  if (full) await deps.queues.wake();
  return { ...acknowledgement, next: await claimFor(deps, userId, projectId, true) };
}

interface Submitter {
  readonly userId: string;
  readonly taskId: string;
  readonly now: Date;
}

/**
 * The slot that this submission fills, locked: the one of this task that he holds (also after the lease ran out, as
 * long as nobody took it), else any other that nobody holds, else none. One person fills at most one slot of a task.
 */
async function takeSlot(tx: Tx, { userId, taskId, now }: Submitter): Promise<string | null> {
  const [own] = await tx.$queryRaw<{ id: string; held: boolean }[]>`
    select "id", ("state" = 'LEASED') as "held" from "Slot" where "taskId" = ${taskId} and "annotatorId" = ${userId} for update`;
  if (own) return own.held ? own.id : null;
  const [other] = await tx.$queryRaw<{ id: string }[]>`
    select s."id" from "Slot" s where s."taskId" = ${taskId} and ${unheld(now)} order by s."ordinal" limit 1 for update skip locked`;
  return other?.id ?? null;
}

/** Under the lock of the task, so that of two who fill the last two slots the second sees the first. */
async function closeTaskIfFull(tx: Tx, taskId: string): Promise<boolean> {
  const open = await tx.slot.count({ where: { taskId, state: { in: ['FREE', 'LEASED'] } } });
  if (open === 0) await tx.task.update({ where: { id: taskId }, data: { status: 'DONE' } });
  return open === 0;
}
