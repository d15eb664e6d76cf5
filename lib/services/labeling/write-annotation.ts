import { randomUUID } from 'node:crypto';
import type { Statements } from '#lib/db/direct-db';
import { Prisma } from '#lib/db/generated/client';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { hashJson } from '#lib/domain/canonical-json';
import { comparisonSchemaVersion } from '#lib/domain/comparison';
import type { TaskKind } from '#lib/domain/forms';
import { AppError } from '#lib/errors';

/** What the client learns of an annotation that is kept; the same for the same idempotency key. */
export interface Acknowledgement {
  readonly annotationId: string;
  readonly taskId: string;
  /** Kept, but no slot of the task wanted it any more. */
  readonly surplus: boolean;
  readonly acknowledgedAt: Date;
}

/** What an annotation pins of its task. */
export interface TaskPins {
  readonly kind: TaskKind;
  readonly guidelineId: string;
  readonly formVersionId: string;
}

interface NewAnnotation extends TaskPins {
  readonly taskId: string;
  readonly slotId: string | null;
  readonly assignmentId: string | null;
  readonly annotatorId: string;
  /** {} where it only withdraws. */
  readonly content: AnnotationContent;
  readonly displayOrder: readonly string[];
  readonly idempotencyKey: string;
  readonly surplus: boolean;
  readonly activeMs: number;
  readonly supersedesId?: string;
  readonly withdrawsId?: string;
}

/** Identifies a judgement by what it says: equal ones of the same responses have equal hashes. */
function annotationContentHash(kind: TaskKind, content: AnnotationContent): string {
  return hashJson({ content, kind, schemaVersion: comparisonSchemaVersion });
}

/** Writes the row that nothing changes afterwards; guideline and form are those that the task pins. */
export async function writeAnnotation(tx: Statements, annotation: NewAnnotation, now: Date): Promise<Acknowledgement> {
  const { acknowledgement, row } = newAnnotation(annotation, now);
  await tx.$executeRaw(row);
  return acknowledgement;
}

/** The statement that writes it where the condition holds, for one that writes more beside it, and what is acknowledged once that is done. */
export function newAnnotation(
  annotation: NewAnnotation,
  now: Date,
  where = Prisma.sql`true`,
): { acknowledgement: Acknowledgement; row: Prisma.Sql } {
  const annotationId = randomUUID();
  const content = { ...annotation.content };
  const { taskId, slotId, assignmentId, annotatorId, kind, guidelineId, formVersionId } = annotation;
  const { displayOrder, idempotencyKey, surplus, activeMs, supersedesId = null, withdrawsId = null } = annotation;
  const row = Prisma.sql`
    insert into "Annotation" ("id", "taskId", "slotId", "assignmentId", "annotatorId", "kind", "content", "contentHash", "schemaVersion",
      "guidelineId", "formVersionId", "displayOrder", "idempotencyKey", "surplus", "activeMs", "supersedesId", "withdrawsId", "createdAt")
    select ${annotationId}, ${taskId}, ${slotId}, ${assignmentId}, ${annotatorId}, ${kind}::"TaskKind", ${JSON.stringify(content)}::jsonb,
      ${annotationContentHash(kind, content)}, ${comparisonSchemaVersion}::int, ${guidelineId}, ${formVersionId}, ${[...displayOrder]}::text[],
      ${idempotencyKey}, ${surplus}::boolean, ${activeMs}::int, ${supersedesId}, ${withdrawsId}, ${now}::timestamp
    where ${where}`;
  return { acknowledgement: { annotationId, taskId, surplus, acknowledgedAt: now }, row };
}

export interface KeptAnnotation {
  readonly id: string;
  readonly taskId: string;
  readonly surplus: boolean;
  readonly createdAt: Date;
  readonly assignmentId: string | null;
  readonly supersedesId: string | null;
  readonly withdrawsId: string | null;
}

/**
 * The acknowledgement given before under this key, or null. Ask under the lock of the task, so that two requests with
 * one key come one after the other.
 * @throws AppError CONFLICT where the key was used for something else
 */
export async function findAcknowledgement(
  tx: Statements,
  annotatorId: string,
  idempotencyKey: string,
  same: SameSubmission,
): Promise<Acknowledgement | null> {
  const [found] = await tx.$queryRaw<KeptAnnotation[]>`
    select "id", "taskId", "surplus", "createdAt", "assignmentId", "supersedesId", "withdrawsId"
    from "Annotation" where "annotatorId" = ${annotatorId} and "idempotencyKey" = ${idempotencyKey}`;
  return found ? acknowledgementOf(found, same) : null;
}

interface SameSubmission {
  readonly assignmentId?: string;
  readonly supersedesId?: string;
  readonly withdrawsId?: string;
}

/** @throws AppError CONFLICT where the annotation kept under a key is not this submission */
export function acknowledgementOf(found: KeptAnnotation, same: SameSubmission): Acknowledgement {
  const matches =
    found.supersedesId === (same.supersedesId ?? null) &&
    found.withdrawsId === (same.withdrawsId ?? null) &&
    (same.assignmentId === undefined || found.assignmentId === same.assignmentId);
  if (!matches) {
    throw new AppError('CONFLICT', 'This idempotency key was used for another submission.', {
      remedy: 'Make a new key for each submission.',
    });
  }
  return { annotationId: found.id, taskId: found.taskId, surplus: found.surplus, acknowledgedAt: found.createdAt };
}

/** Locks the task: submissions to one task come one after the other. First lock of all (Task, Slot, Assignment, Round). */
export async function lockTask(tx: Statements, taskId: string | Prisma.Sql): Promise<void> {
  await tx.$queryRaw`select 1 from "Task" where "id" = ${taskId} for no key update`;
}
