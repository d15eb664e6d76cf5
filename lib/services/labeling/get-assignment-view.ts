import { z } from 'zod';
import type { Statements } from '#lib/db/direct-db';
import type { Actor } from '#lib/domain/actor';
import { chatTaskSpec, demonstrationTaskSpec, suggestionCount } from '#lib/domain/chat';
import { type FormSpec, findPart, parseFormSpec, type TaskKind } from '#lib/domain/forms';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import type { Standing } from './claim-standing';
import { loadProgress, type Progress, progressOf } from './progress';

export const getAssignmentViewInput = z.strictObject({ assignmentId: z.uuid() });

/** What the form does not say of this task, as far as the annotator may know it. */
interface PublicTaskSpec {
  /** CHAT: after so many turns the conversation is judged. */
  readonly maxTurns?: number;
  /** CORRECTION: the answer to edit. */
  readonly responseId?: string;
  /** DEMONSTRATION: how many suggestions can be asked for. */
  readonly suggestions?: number;
}

/**
 * All that an annotator sees of a task, and nothing else: no model, no score, no gold, no other person's judgement, not
 * even whether the task labels, evaluates, checks or repeats. Every field is named here one by one; nothing is spread into it.
 */
export interface AssignmentView {
  readonly assignmentId: string;
  readonly taskId: string;
  readonly projectId: string;
  readonly kind: TaskKind;
  /** Training and qualification are named as such; everything else is work. */
  readonly mode: 'work' | 'training' | 'qualification';
  readonly contentFlags: readonly string[];
  readonly spec: PublicTaskSpec;
  readonly prompt: { readonly messages: readonly Message[] };
  /** In the order in which this person sees them. */
  readonly responses: readonly { readonly id: string; readonly text: string }[];
  readonly guideline: { readonly version: number; readonly text: string };
  readonly form: { readonly version: number; readonly spec: FormSpec };
  /** What the project's lead wrote to this person about the task, unread. */
  readonly messages: number;
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
  readonly kind: TaskKind;
  readonly purpose: string;
  readonly contentFlags: string[];
  readonly taskSpec: unknown;
  readonly unread: number;
  readonly messages: unknown;
  readonly responses: { id: string; text: string }[] | null;
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

/** The view of an assignment of this person; the caller has authorised, and may know how the person stands in the project. */
export async function loadAssignmentView(
  db: Statements,
  userId: string,
  assignmentId: string,
  now: Date,
  standing?: Standing,
): Promise<AssignmentView> {
  const progress = (projectId: string) => (standing ? progressOf(db, standing, now) : loadProgress(db, userId, projectId, now));
  const view = await findAssignmentView(db, userId, assignmentId, progress);
  if (!view) throw new AppError('NOT_FOUND', 'This task is not yours.');
  return view;
}

/** The same with progress read by the caller; null where there is no such assignment. */
export async function findAssignmentView(
  db: Statements,
  userId: string,
  assignmentId: string,
  progress: (projectId: string) => Promise<Progress>,
): Promise<AssignmentView | null> {
  const [row] = await db.$queryRaw<ViewRow[]>`
    select a."taskId", a."displayOrder", a."draft", a."draftSavedAt", a."expiresAt", a."submittedAt",
      t."projectId", t."kind"::text as "kind", t."purpose"::text as "purpose", t."contentFlags", t."spec" as "taskSpec", p."messages",
      (select count(*)::int from "TaskMessage" m
        where m."taskId" = t."id" and m."annotatorId" = a."annotatorId" and m."authorId" <> a."annotatorId" and m."readAt" is null) as "unread",
      g."version" as "guidelineVersion", g."text" as "guidelineText", f."version" as "formVersion", f."spec" as "formSpec",
      (select json_agg(json_build_object('id', x."id", 'text', x."text"))
        from "TaskResponse" tr join "Response" x on x."id" = tr."responseId" where tr."taskId" = t."id") as "responses"
    from "Assignment" a
    join "Task" t on t."id" = a."taskId"
    join "Prompt" p on p."id" = t."promptId"
    join "Guideline" g on g."id" = t."guidelineId"
    join "FormVersion" f on f."id" = t."formVersionId"
    where a."id" = ${assignmentId} and a."annotatorId" = ${userId}`;
  if (!row) return null;
  const texts = new Map((row.responses ?? []).map(({ id, text }) => [id, text]));
  const form = parseFormSpec(row.formSpec);
  return {
    assignmentId,
    taskId: row.taskId,
    projectId: row.projectId,
    kind: row.kind,
    mode: modeOf(row.purpose),
    contentFlags: row.contentFlags,
    spec: publicSpec(form, row.taskSpec, row.displayOrder),
    prompt: { messages: messagesSchema.parse(row.messages) },
    responses: row.displayOrder.map((id) => ({ id, text: texts.get(id) ?? '' })),
    guideline: { version: row.guidelineVersion, text: row.guidelineText },
    form: { version: row.formVersion, spec: form },
    messages: row.unread,
    draft: row.draft,
    draftSavedAt: row.draftSavedAt,
    expiresAt: row.expiresAt,
    submittedAt: row.submittedAt,
    progress: await progress(row.projectId),
  };
}

function modeOf(purpose: string): AssignmentView['mode'] {
  if (purpose === 'TRAINING') return 'training';
  return purpose === 'QUALIFICATION' ? 'qualification' : 'work';
}

function publicSpec(form: FormSpec, taskSpec: unknown, responseIds: readonly string[]): PublicTaskSpec {
  const chat = findPart(form, 'chat');
  if (chat) return { maxTurns: Math.min(chat.maxTurns, chatTaskSpec.parse(taskSpec).maxTurns ?? chat.maxTurns) };
  const [responseId] = responseIds;
  if (findPart(form, 'correction') && responseId !== undefined) return { responseId };
  const demonstration = findPart(form, 'demonstration');
  if (!demonstration) return {};
  return { suggestions: demonstration.suggestions ? suggestionCount(demonstrationTaskSpec.parse(taskSpec)) : 0 };
}
