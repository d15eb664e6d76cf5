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

/** The view of an assignment of this person; the caller has authorised. */
export async function loadAssignmentView(db: Tx, userId: string, assignmentId: string, now: Date): Promise<AssignmentView> {
  const assignment = await db.assignment.findUnique({
    where: { id: assignmentId },
    select: {
      annotatorId: true,
      displayOrder: true,
      draft: true,
      draftSavedAt: true,
      expiresAt: true,
      submittedAt: true,
      task: {
        select: {
          id: true,
          projectId: true,
          kind: true,
          prompt: { select: { messages: true } },
          responses: { select: { response: { select: { id: true, text: true } } } },
          guideline: { select: { version: true, text: true } },
          formVersion: { select: { version: true, spec: true } },
        },
      },
    },
  });
  if (!assignment || assignment.annotatorId !== userId) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { task, displayOrder, draft, draftSavedAt, expiresAt, submittedAt } = assignment;
  const texts = new Map(task.responses.map(({ response }) => [response.id, response.text]));
  return {
    assignmentId,
    taskId: task.id,
    projectId: task.projectId,
    kind: task.kind,
    prompt: { messages: messagesSchema.parse(task.prompt.messages) },
    responses: displayOrder.map((id) => ({ id, text: texts.get(id) ?? '' })),
    guideline: { version: task.guideline.version, text: task.guideline.text },
    form: { version: task.formVersion.version, spec: task.formVersion.spec },
    draft,
    draftSavedAt,
    expiresAt,
    submittedAt,
    progress: await loadProgress(db, userId, task.projectId, now),
  };
}
