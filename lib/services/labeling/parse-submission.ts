import type { Tx } from '#lib/db/create-db';
import type { Statements } from '#lib/db/direct-db';
import { type AnnotationContent, parseAnnotationContent } from '#lib/domain/annotation-content';
import { type FormSpec, findPart, parseFormSpec } from '#lib/domain/forms';

interface Shown {
  readonly taskId: string;
  /** The answers that the person saw. */
  readonly displayOrder: readonly string[];
}

/**
 * What a client sent, after the form that the task pins. Texts are read only where the form speaks of them.
 * @throws AppError BAD_INPUT naming what is missing or does not belong there
 */
export async function parseSubmission(db: Tx, { taskId, displayOrder }: Shown, content: unknown): Promise<AnnotationContent> {
  const { formVersion } = await db.task.findUniqueOrThrow({ where: { id: taskId }, select: { formVersion: { select: { spec: true } } } });
  return parseByForm(db, parseFormSpec(formVersion.spec), displayOrder, content);
}

/** The same where the form is at hand. */
export async function parseByForm(
  db: Statements,
  form: FormSpec,
  displayOrder: readonly string[],
  content: unknown,
): Promise<AnnotationContent> {
  const texts = needsTexts(form) ? await loadTexts(db, displayOrder) : new Map<string, string>();
  return parseAnnotationContent(form, { responses: displayOrder.map((id) => ({ id, text: texts.get(id) ?? '' })) }, content);
}

function needsTexts(form: FormSpec): boolean {
  return findPart(form, 'span') !== undefined || findPart(form, 'correction') !== undefined;
}

async function loadTexts(db: Statements, ids: readonly string[]): Promise<Map<string, string>> {
  const responses = await db.$queryRaw<{ id: string; text: string }[]>`select "id", "text" from "Response" where "id" = any(${[...ids]})`;
  return new Map(responses.map(({ id, text }) => [id, text]));
}
