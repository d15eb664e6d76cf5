import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { requireUser } from '#lib/services/people/authorise';

const maxDraftCharacters = 100_000;

export const saveDraftInput = z.strictObject({
  assignmentId: z.uuid(),
  /** The page's own state; given back as it is. */
  draft: z.json().refine((value) => JSON.stringify(value).length <= maxDraftCharacters, 'is too long for a draft'),
});

/** Keeps what a person has of a task so far. @throws AppError CONFLICT where the task was sent already */
export async function saveDraft(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof saveDraftInput>,
): Promise<{ savedAt: Date }> {
  const { assignmentId, draft } = saveDraftInput.parse(input);
  const userId = requireUser(actor);
  const savedAt = deps.clock.now();
  const { count } = await deps.db.assignment.updateMany({
    where: { id: assignmentId, annotatorId: userId, submittedAt: null },
    data: { draft: draft ?? {}, draftSavedAt: savedAt },
  });
  if (count === 0) {
    const own = await deps.db.assignment.findFirst({ where: { id: assignmentId, annotatorId: userId }, select: { id: true } });
    if (!own) throw new AppError('NOT_FOUND', 'This task is not yours.');
    throw new AppError('CONFLICT', 'This task was sent already; its draft is no longer kept.');
  }
  return { savedAt };
}
