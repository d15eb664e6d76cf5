import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { type AnnotationContent, parseAnnotationContent } from '#lib/domain/annotation-content';
import { parseFormSpec } from '#lib/domain/forms';
import { compareAnswers } from '#lib/domain/quality/compare-answers';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { copyTask } from './copy-task';

export const promoteGoldInput = z.strictObject({
  taskId: z.uuid(),
  purpose: z.enum(['GOLD', 'TRAINING', 'QUALIFICATION']).default('GOLD'),
  /** The right answer. Left out: that of `annotationId`, else what the task's reviewer decided. */
  content: z.unknown().optional(),
  annotationId: z.uuid().optional(),
  explanation: z.string().trim().max(4000).default(''),
  maxExposures: z.int().min(1).max(100_000).nullable().default(null),
});
type PromoteGold = z.infer<typeof promoteGoldInput>;

/**
 * Makes a task with a known answer of a task: a copy with the right answer beside it. The source stays as it is. Needs
 * quality.manage.
 * @throws AppError PRECONDITION where no answer is known; CONFLICT where the task is one already
 */
export async function promoteGold(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof promoteGoldInput>,
): Promise<{ taskId: string }> {
  const given = promoteGoldInput.parse(input);
  const source = await loadSource(deps.db, given.taskId);
  await authorise(deps, actor, source.projectId, 'quality.manage');
  const now = deps.clock.now();
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Task" where "id" = ${given.taskId} for no key update`;
    await requireFirst(tx, given);
    const content = parseAnswer(source, await findAnswer(tx, given), given.purpose);
    const taskId = await copyTask(tx, { sourceTaskId: given.taskId, purpose: given.purpose, now });
    await tx.goldAnswer.create({
      data: {
        taskId,
        content: JSON.parse(JSON.stringify(content)),
        explanation: given.explanation,
        maxExposures: given.maxExposures,
        createdById: actor.kind === 'user' ? actor.userId : null,
        createdAt: now,
      },
    });
    return { taskId };
  });
}

async function loadSource(tx: Tx, taskId: string) {
  const source = await tx.task.findUnique({
    where: { id: taskId },
    select: {
      projectId: true,
      kind: true,
      purpose: true,
      formVersion: { select: { spec: true } },
      responses: { select: { response: { select: { id: true, text: true } } } },
    },
  });
  if (!source || source.purpose === 'REPEAT') throw new AppError('NOT_FOUND', 'There is no such task.');
  return source;
}

async function requireFirst(tx: Tx, { taskId, purpose }: PromoteGold): Promise<void> {
  const known = await tx.task.findFirst({
    where: { sourceTaskId: taskId, purpose, onlyUserId: null, gold: { retiredAt: null } },
    select: { id: true },
  });
  if (known) throw new AppError('CONFLICT', 'This task was taken for that already.', { details: { taskId: known.id } });
}

async function findAnswer(tx: Tx, { taskId, content, annotationId }: PromoteGold): Promise<unknown> {
  if (content !== undefined) return content;
  if (annotationId !== undefined) {
    const annotation = await tx.annotation.findFirst({ where: { id: annotationId, taskId, withdrawsId: null }, select: { content: true } });
    if (!annotation) throw new AppError('NOT_FOUND', 'There is no such annotation of this task.');
    return annotation.content;
  }
  const [review] = await tx.review.findMany({
    where: { taskId, decidedAt: { not: null } },
    orderBy: { decidedAt: 'desc' },
    take: 1,
    select: { decision: true },
  });
  return review?.decision ?? null;
}

type Source = Awaited<ReturnType<typeof loadSource>>;

/** What is written freely has no right answer: in a test a reviewer rates it, in training an example is enough. */
const writtenKinds: readonly string[] = ['DEMONSTRATION', 'CORRECTION', 'CHAT'];

function parseAnswer(source: Source, answer: unknown, purpose: PromoteGold['purpose']): AnnotationContent {
  const written = writtenKinds.includes(source.kind);
  if (written && purpose === 'GOLD') {
    throw new AppError('PRECONDITION', 'What is written freely cannot be compared with a right answer.', {
      remedy: 'Take rankings, choices, ratings, flags or marks as gold.',
    });
  }
  if (answer === null) {
    if (written && purpose === 'QUALIFICATION') return {};
    throw new AppError('PRECONDITION', 'Nobody has decided what the right answer is.', {
      remedy: 'Settle the task in the review first, or give the answer.',
    });
  }
  const responses = source.responses.map(({ response }) => response);
  const content = parseAnnotationContent(parseFormSpec(source.formVersion.spec), { responses }, answer);
  if (!written && !compareAnswers(content, content, { ratingTolerance: 0 })) {
    throw new AppError('PRECONDITION', 'Nothing in this answer can be compared: no pair, rating, flag or mark.');
  }
  return content;
}
