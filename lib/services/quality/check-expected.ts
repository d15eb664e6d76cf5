import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { TaskKind, TaskPurpose } from '#lib/db/generated/client';
import type { ComparableContent } from '#lib/domain/quality/compare-answers';

export interface CheckedTask {
  readonly id: string;
  readonly projectId: string;
  readonly kind: TaskKind;
  readonly purpose: TaskPurpose;
  readonly guidelineId: string;
  readonly sourceTaskId: string | null;
}

export interface CheckedAnnotation {
  readonly annotationId: string;
  readonly taskId: string;
  readonly annotatorId: string;
  readonly content: ComparableContent;
  readonly activeMs: number;
  readonly now: Date;
}

interface Expected {
  readonly content: ComparableContent;
  /** The person's own earlier annotation, for a repeat. */
  readonly againstId: string | null;
}

/** What of a stored content is compared; everything else in it is left aside. */
const comparableSchema = z.object({
  ranks: z.record(z.string(), z.number()).optional(),
  aside: z.array(z.string()).optional(),
  ratings: z.record(z.string(), z.record(z.string(), z.number())).optional(),
  bothBad: z.literal(true).optional(),
  flags: z.record(z.string(), z.array(z.string())).optional(),
  spans: z.record(z.string(), z.array(z.object({ start: z.number(), end: z.number(), category: z.string() }))).optional(),
});

export function parseComparable(content: unknown): ComparableContent {
  return comparableSchema.parse(content);
}

/** What the answer to a check is held against; null where there is nothing (a demonstration is rated by a person). */
export async function loadExpected(tx: Tx, task: CheckedTask, annotatorId: string): Promise<Expected | null> {
  if (task.purpose !== 'REPEAT') {
    const gold = await tx.goldAnswer.findUnique({ where: { taskId: task.id }, select: { content: true } });
    return gold && { content: parseComparable(gold.content), againstId: null };
  }
  if (task.sourceTaskId === null) return null;
  const [own] = await tx.$queryRaw<{ id: string; content: unknown }[]>`
    select a."id", a."content" from "Annotation" a join "Slot" s on s."liveAnnotationId" = a."id"
    where s."taskId" = ${task.sourceTaskId} and s."annotatorId" = ${annotatorId}`;
  return own ? { content: parseComparable(own.content), againstId: own.id } : null;
}
