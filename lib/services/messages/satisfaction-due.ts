import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';

/** Asked after this many tasks, and then at most once in this many days. */
export const satisfactionPolicy = { afterTasks: 50, everyDays: 30 } as const;

export const satisfactionDueInput = z.strictObject({ projectId: z.uuid() });

/** Whether the person may be asked now how the work is for him. */
export async function satisfactionDue(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof satisfactionDueInput>,
): Promise<{ due: boolean }> {
  const { projectId } = satisfactionDueInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  return { due: await isSatisfactionDue(deps.db, { userId, projectId, now: deps.clock.now() }) };
}

export async function isSatisfactionDue(
  db: Tx,
  { userId, projectId, now }: { readonly userId: string; readonly projectId: string; readonly now: Date },
): Promise<boolean> {
  const since = new Date(now.getTime() - satisfactionPolicy.everyDays * 24 * 3600_000);
  const answered = await db.satisfactionAnswer.findFirst({ where: { projectId, userId, createdAt: { gt: since } }, select: { id: true } });
  if (answered) return false;
  const done = await db.assignment.findMany({
    where: { annotatorId: userId, submittedAt: { not: null }, task: { projectId } },
    take: satisfactionPolicy.afterTasks,
    select: { id: true },
  });
  return done.length >= satisfactionPolicy.afterTasks;
}
