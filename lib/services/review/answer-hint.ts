import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { storableText } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { requireUser } from '../people/authorise';

export const answerHintInput = z.strictObject({
  annotationId: z.uuid(),
  outcome: z.enum(['KEPT', 'REVISED']),
  reason: storableText.trim().max(1000).optional(),
});

/**
 * What the person made of a hint. REVISED says that he went on to correct his label (labeling.correct); the first one stays on record.
 * @throws AppError NOT_FOUND where there was no such hint to this person; CONFLICT where it was answered otherwise before
 */
export async function answerHint(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof answerHintInput>,
): Promise<{ outcome: 'KEPT' | 'REVISED' }> {
  const { annotationId, outcome, reason } = answerHintInput.parse(input);
  const userId = requireUser(actor);
  const hint = await deps.db.rewardHint.findFirst({
    where: { annotationId, annotation: { annotatorId: userId } },
    select: { outcome: true },
  });
  if (!hint) throw new AppError('NOT_FOUND', 'There was no such question to you.');
  const { count } = await deps.db.rewardHint.updateMany({
    where: { annotationId, outcome: null },
    data: { outcome, reason: reason ?? null, decidedAt: deps.clock.now() },
  });
  if (count === 0 && hint.outcome !== outcome) throw new AppError('CONFLICT', 'This question was answered already.');
  return { outcome };
}
