import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { loadProgress, type Progress } from './progress';

export const getAssignmentViewInput = z.strictObject({ assignmentId: z.uuid() });

/**
 * All that an annotator sees of a task, and nothing else: no model, no score, no gold, no other person's judgement, not
 * even whether the task labels or evaluates. Every field is named here one by one; nothing is spread into it.
 */
export interface AssignmentView {
  readonly assignmentId: string;
  readonly taskId: string;
  readonly projectId: string;
  readonly kind: 'RANKING';
  readonly prompt: { readonly messages: readonly Message[] };
  /** In the order in which this person sees them. */
  readonly responses: readonly { readonly id: string; readonly text: string }[];
  readonly guideline: { readonly version: number; readonly text: string };
  readonly form: { readonly version: number; readonly spec: unknown };
  readonly draft: unknown;
  readonly draftSavedAt: Date | null;
  readonly expiresAt: Date;
  readonly submittedAt: Date | null;
  readonly progress: Progress;
}

/** @throws AppError NOT_FOUND where it is not this person's assignment */
export async function getAssignmentView(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof getAssignmentViewInput>,
): Promise<AssignmentView> {
  const { assignmentId } = getAssignmentViewInput.parse(input);
  const userId = requireUser(actor);
  const view = await loadAssignmentView(deps.db, userId, assignmentId, deps.clock.now());
  await authorise(deps, actor, view.projectId, 'labeling.annotate');
  return view;
}

interface ViewRow {
  readonly taskId: string;
  readonly projectId: string;
  readonly kind: 'RANKING';
  readonly messages: unknown;
  readonly responses: { id: string; text: string }[];
  readonly guidelineVersion: number;
  readonly guidelineText: string;
  readonly formVersion: number;
  readonly formSpec: unknown;
  readonly displayOrder: string[];
  readonly draft: unknown;
  readonly draftSavedAt: Date | null;
  readonly expiresAt: Date;
  readonly submittedAt: Date | null;
}

/** The view of an assignment of this person; the caller has authorised. */
export async function loadAssignmentView(db: Tx, userId: string, assignmentId: string, now: Date): Promise<AssignmentView> {
  const [row] = await db.$queryRaw<ViewRow[]>`
    select a."taskId", a."displayOrder", a."draft", a."draftSavedAt", a."expiresAt", a."submittedAt",
      t."projectId", t."kind"::text as "kind", p."messages",
      g."version" as "guidelineVersion", g."text" as "guidelineText", f."version" as "formVersion", f."spec" as "formSpec",
      (select json_agg(json_build_object('id', x."id", 'text', x."text"))
        from "TaskResponse" tr join "Response" x on x."id" = tr."responseId" where tr."taskId" = t."id") as "responses"
    from "Assignment" a
    join "Task" t on t."id" = a."taskId"
    join "Prompt" p on p."id" = t."promptId"
    join "Guideline" g on g."id" = t."guidelineId"
    join "FormVersion" f on f."id" = t."formVersionId"
    where a."id" = ${assignmentId} and a."annotatorId" = ${userId}`;
  if (!row) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const texts = new Map(row.responses.map(({ id, text }) => [id, text]));
  return {
    assignmentId,
    taskId: row.taskId,
    projectId: row.projectId,
    kind: row.kind,
    prompt: { messages: messagesSchema.parse(row.messages) },
    responses: row.displayOrder.map((id) => ({ id, text: texts.get(id) ?? '' })),
    guideline: { version: row.guidelineVersion, text: row.guidelineText },
    form: { version: row.formVersion, spec: row.formSpec },
    draft: row.draft,
    draftSavedAt: row.draftSavedAt,
    expiresAt: row.expiresAt,
    submittedAt: row.submittedAt,
    progress: await loadProgress(db, userId, row.projectId, now),
  };
}
