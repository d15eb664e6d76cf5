import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { TaskKind } from '#lib/domain/forms';
import { messagesSchema, promptText } from '#lib/domain/prompts';
import type { Deps } from '../deps';
import { authorise } from '../people/authorise';

export const listReviewQueueInput = z.strictObject({
  projectId: z.uuid(),
  order: z.enum(['disagreement', 'surprise']).default('disagreement'),
  limit: z.int().min(1).max(100).default(20),
});

export interface ReviewQueueItem {
  readonly taskId: string;
  readonly kind: TaskKind;
  /** The last message of the prompt. */
  readonly prompt: string;
  readonly labels: number;
  /** 0 to 1; null where nothing could be compared. */
  readonly disagreement: number | null;
  /** Bits; null where the answers were not scored. */
  readonly surprise: number | null;
  /** This reviewer judged it himself already, and has to decide. */
  readonly judged: boolean;
}

export interface ReviewQueue {
  readonly items: readonly ReviewQueueItem[];
  /** Tasks with something to look at and without a decision. */
  readonly open: number;
  readonly decided: number;
}

/** What a reviewer should look at first: tasks without a decision whose labels he did not make himself. Says nothing of what the labels say. */
export async function listReviewQueue(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listReviewQueueInput>,
): Promise<ReviewQueue> {
  const { projectId, order, limit } = listReviewQueueInput.parse(input);
  await authorise(deps, actor, projectId, 'review.judge');
  const reviewer = actorUserId(actor) ?? '';
  const by = order === 'surprise' ? 'surprise' : 'disagreement';
  const rows = await deps.db.task.findMany({
    where: {
      projectId,
      purpose: 'LABELING',
      [by]: { gt: 0 },
      reviews: { none: { decidedAt: { not: null } } },
      annotations: { none: { annotatorId: reviewer } },
    },
    orderBy: [{ [by]: 'desc' }, { id: 'asc' }],
    take: limit,
    select: {
      id: true,
      kind: true,
      disagreement: true,
      surprise: true,
      prompt: { select: { messages: true } },
      reviews: { where: { reviewerId: reviewer }, select: { id: true } },
      _count: { select: { slots: { where: { liveAnnotationId: { not: null } } } } },
    },
  });
  const [open, decided] = await Promise.all([
    deps.db.task.count({
      where: { projectId, purpose: 'LABELING', [by]: { gt: 0 }, reviews: { none: { decidedAt: { not: null } } } },
    }),
    deps.db.review.count({ where: { projectId, decidedAt: { not: null } } }),
  ]);
  const items = rows.map((row) => ({
    taskId: row.id,
    kind: row.kind,
    prompt: promptText(messagesSchema.parse(row.prompt.messages)),
    labels: row._count.slots,
    disagreement: row.disagreement,
    surprise: row.surprise,
    judged: row.reviews.length > 0,
  }));
  return { items, open, decided };
}
