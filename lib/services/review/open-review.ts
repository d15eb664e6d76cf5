import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { authorise, requireUser } from '../people/authorise';
import { loadReviewTask, type ReviewTask, requireNotAnnotator } from './load-review-task';

export const openReviewInput = z.strictObject({ taskId: z.uuid() });

/** A label under review; who made it is not said, only that two labels have two authors. */
interface ReviewedLabel {
  readonly annotationId: string;
  /** 1, 2, ... in the order of an identity drawn for this task, not of time. */
  readonly author: number;
  readonly content: AnnotationContent;
  readonly activeMs: number;
  readonly superseded: boolean;
}

export interface ReviewView {
  readonly task: ReviewTask;
  /** Null until he has judged the task himself; only then the labels are there. */
  readonly judgement: AnnotationContent | null;
  readonly labels: readonly ReviewedLabel[] | null;
  readonly decision: {
    readonly content: AnnotationContent;
    readonly reason: string;
    readonly errors: readonly { readonly annotationId: string; readonly category: string; readonly note?: string | undefined }[];
    readonly decidedAt: Date;
    readonly gold: boolean;
  } | null;
}

/** The task alone before the reviewer's own judgement; all labels side by side after it; the decision once there is one. */
export async function openReview(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof openReviewInput>): Promise<ReviewView> {
  const { taskId } = openReviewInput.parse(input);
  const reviewerId = requireUser(actor);
  const task = await loadReviewTask(deps.db, taskId, reviewerId);
  await authorise(deps, actor, task.projectId, 'review.judge');
  const review = await deps.db.review.findUnique({ where: { taskId_reviewerId: { taskId, reviewerId } } });
  if (!review) {
    await requireNotAnnotator(deps.db, taskId, reviewerId);
    return { task, judgement: null, labels: null, decision: null };
  }
  const gold = review.decidedAt
    ? await deps.db.task.count({ where: { sourceTaskId: taskId, purpose: 'GOLD', gold: { retiredAt: null } } })
    : 0;
  return {
    task,
    judgement: review.judgement as unknown as AnnotationContent,
    labels: await loadLabels(deps.db, taskId),
    decision: review.decidedAt
      ? {
          content: review.decision as unknown as AnnotationContent,
          reason: review.reason ?? '',
          errors: errorsSchema.parse(review.errors),
          decidedAt: review.decidedAt,
          gold: gold > 0,
        }
      : null,
  };
}

const errorsSchema = z.array(z.object({ annotationId: z.string(), category: z.string(), note: z.string().optional() }));

async function loadLabels(db: Tx, taskId: string): Promise<readonly ReviewedLabel[]> {
  const rows = await db.annotation.findMany({
    where: { taskId, withdrawsId: null },
    orderBy: { contentHash: 'asc' },
    select: { id: true, annotatorId: true, content: true, activeMs: true },
  });
  const gone = await db.annotation.findMany({
    where: { taskId, OR: [{ supersedesId: { not: null } }, { withdrawsId: { not: null } }] },
    select: { supersedesId: true, withdrawsId: true },
  });
  const withdrawn = new Set(gone.map(({ withdrawsId }) => withdrawsId));
  const superseded = new Set(gone.map(({ supersedesId }) => supersedesId));
  const authors = [...new Set(rows.map(({ annotatorId }) => annotatorId))];
  const kept = rows.filter(({ id }) => !withdrawn.has(id));
  if (kept.length === 0) throw new AppError('PRECONDITION', 'Every label of this task was taken back; there is nothing to decide.');
  return kept.map((row) => ({
    annotationId: row.id,
    author: authors.indexOf(row.annotatorId) + 1,
    content: row.content as unknown as AnnotationContent,
    activeMs: row.activeMs,
    superseded: superseded.has(row.id),
  }));
}
