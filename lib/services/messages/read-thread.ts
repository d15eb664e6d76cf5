import { z } from 'zod';
import type { TaskKind } from '#lib/db/generated/enums';
import { type Actor, actorUserId } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { findThread, taskExcerpt } from './find-thread';

export const readThreadInput = z.strictObject({ projectId: z.uuid(), taskId: z.uuid(), annotatorId: z.uuid().optional() });

export interface ThreadView {
  readonly task: { readonly id: string; readonly kind: TaskKind; readonly asks: { readonly text: string; readonly more: boolean } };
  /** For the lead; an annotator reads nobody's name here. */
  readonly annotatorName: string | null;
  readonly messages: readonly {
    readonly id: string;
    readonly mine: boolean;
    readonly from: 'ANNOTATOR' | 'LEAD';
    readonly text: string;
    readonly at: Date;
  }[];
}

/** Everything written about a task between its annotator and the lead, oldest first; what the other side wrote is read from now on. */
export async function readThread(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof readThreadInput>,
): Promise<ThreadView> {
  const { thread, side } = await findThread(deps, actor, readThreadInput.parse(input));
  const { taskId, annotatorId } = thread;
  const userId = actorUserId(actor);
  const written = side === 'LEAD' ? annotatorId : { not: annotatorId };
  await deps.db.taskMessage.updateMany({
    where: { taskId, annotatorId, authorId: written, readAt: null },
    data: { readAt: deps.clock.now() },
  });
  const [task, rows, annotator] = await Promise.all([
    deps.db.task.findUniqueOrThrow({ where: { id: taskId }, select: { id: true, kind: true, prompt: { select: { messages: true } } } }),
    deps.db.taskMessage.findMany({ where: { taskId, annotatorId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: 500 }),
    side === 'LEAD' ? deps.db.user.findUnique({ where: { id: annotatorId }, select: { name: true } }) : null,
  ]);
  return {
    task: { id: task.id, kind: task.kind, asks: taskExcerpt(task.prompt.messages) },
    annotatorName: annotator?.name ?? null,
    messages: rows.map(({ id, authorId, text, createdAt }) => ({
      id,
      mine: authorId === userId,
      from: authorId === annotatorId ? 'ANNOTATOR' : 'LEAD',
      text,
      at: createdAt,
    })),
  };
}
