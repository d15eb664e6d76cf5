import { randomUUID } from 'node:crypto';
import type { Statements } from '#lib/db/direct-db';
import { comparisonOf } from '#lib/domain/annotation-content';
import type { LabelingPolicy } from '#lib/domain/labeling-policy';
import { createRandom } from '#lib/domain/random';
import { rankingPosterior } from '#lib/domain/statistics/sequential/ranking-posterior';

interface Judged {
  readonly taskId: string;
  readonly projectId: string;
  readonly kind: string;
  readonly purpose: string;
  readonly responseIds: readonly string[];
}

/**
 * Adaptive overlap, in the transaction that filled a slot and under the lock of the task: once the ranking is settled what is still free is no
 * longer wanted; where it is not, and nothing is open any more, one more slot is. What somebody holds stays wanted.
 */
export async function settleOverlap(tx: Statements, task: Judged, { adaptive }: Pick<LabelingPolicy, 'adaptive'>): Promise<void> {
  if (!isAdaptive(task, { adaptive })) return;
  const rows = await tx.$queryRaw<{ content: unknown }[]>`
    select a."content" from "Slot" s join "Annotation" a on a."id" = s."liveAnnotationId" where s."taskId" = ${task.taskId} order by a."id"`;
  if (rows.length < adaptive.min) return;
  if (rows.length >= adaptive.max || isSettled(task, rows, adaptive)) {
    await tx.$executeRaw`update "Slot" set "state" = 'CANCELLED' where "taskId" = ${task.taskId} and "state" = 'FREE'`;
    return;
  }
  await tx.$executeRaw`
    insert into "Slot" ("id", "taskId", "projectId", "ordinal", "updatedAt")
    select ${randomUUID()}, ${task.taskId}, ${task.projectId}, max(s."ordinal") + 1, now() from "Slot" s where s."taskId" = ${task.taskId}
    having not bool_or(s."state" in ('FREE', 'LEASED'))`;
}

/** How many people judge such a task is decided with each label of it. */
export function isAdaptive({ kind, purpose }: Pick<Judged, 'kind' | 'purpose'>, { adaptive }: Pick<LabelingPolicy, 'adaptive'>): boolean {
  return adaptive.enabled && (kind === 'RANKING' || kind === 'PAIRWISE') && purpose === 'LABELING';
}

function isSettled(
  { taskId, responseIds }: Judged,
  rows: readonly { content: unknown }[],
  { settledAt, by }: LabelingPolicy['adaptive'],
): boolean {
  const rankings = rows.flatMap(({ content }) => {
    const comparison = comparisonOf(content);
    return comparison ? [comparison] : [];
  });
  // The order of the person who came last must not matter: the same labels give the same answer.
  const responses = responseIds.toSorted();
  return rankingPosterior({ responses, rankings }, { random: createRandom('ranking-posterior', taskId), threshold: settledAt, by }).settled;
}
