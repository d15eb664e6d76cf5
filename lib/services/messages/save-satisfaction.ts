import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { storableText } from '#lib/domain/prompts';
import { satisfactionQuestions } from '#lib/domain/task-reports';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { isSatisfactionDue } from './satisfaction-due';

export const saveSatisfactionInput = z.strictObject({
  projectId: z.uuid(),
  /** Any of the questions; none = "not now", which is remembered like an answer. */
  answers: z.partialRecord(z.enum(satisfactionQuestions), z.int().min(1).max(5)),
  text: storableText.trim().max(2000).default(''),
});

/** @throws AppError PRECONDITION where the person was not asked: each answers once in a period, so that nobody counts twice */
export async function saveSatisfaction(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof saveSatisfactionInput>,
): Promise<void> {
  const { projectId, answers, text } = saveSatisfactionInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const now = deps.clock.now();
  await deps.db.$transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`satisfaction ${projectId} ${userId}`}, 0))`;
    if (!(await isSatisfactionDue(tx, { userId, projectId, now }))) {
      throw new AppError('PRECONDITION', 'You answered this already; you are asked again in some weeks.');
    }
    await tx.satisfactionAnswer.create({ data: { projectId, userId, answers, text, createdAt: now } });
  });
}
