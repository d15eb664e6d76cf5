import type { Tx } from '#lib/db/create-db';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { messagesSchema } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import { authorise, requireUser } from '#lib/services/people/authorise';

interface Thread {
  readonly projectId: string;
  readonly taskId: string;
  /** Whose thread it is: a thread is (task, annotator). */
  readonly annotatorId: string;
}

/**
 * The thread that is meant and which side of it asks: its annotator, or whoever leads the project. A thread is there for
 * who was given the task, and for nobody else; an annotator reaches only his own.
 * @throws AppError NOT_FOUND also where the task is another project's
 */
export async function findThread(
  deps: { db: Tx },
  actor: Actor,
  wanted: { readonly projectId: string; readonly taskId: string; readonly annotatorId?: string | undefined },
): Promise<{ thread: Thread; side: 'ANNOTATOR' | 'LEAD' }> {
  const { projectId, taskId } = wanted;
  const own = wanted.annotatorId === undefined || wanted.annotatorId === actorUserId(actor);
  await authorise(deps, actor, projectId, own ? 'labeling.annotate' : 'labeling.manage');
  const annotatorId = wanted.annotatorId ?? requireUser(actor);
  const given = await deps.db.assignment.findFirst({ where: { taskId, annotatorId, task: { projectId } }, select: { id: true } });
  if (!given) {
    throw new AppError('NOT_FOUND', own ? 'You were not given this task.' : 'This person was not given this task.');
  }
  return { thread: { projectId, taskId, annotatorId }, side: own ? 'ANNOTATOR' : 'LEAD' };
}

const excerptCharacters = 280;

/** The beginning of what a task asks, to know it by; whole code points, and it says where it goes on. */
export function taskExcerpt(messages: unknown): { readonly text: string; readonly more: boolean } {
  const characters = [...(messagesSchema.parse(messages).at(-1)?.content ?? '').slice(0, excerptCharacters * 2 + 2)];
  return { text: characters.slice(0, excerptCharacters).join(''), more: characters.length > excerptCharacters };
}
