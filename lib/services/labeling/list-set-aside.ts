import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type SkipReason, skipReasons } from '#lib/domain/assignment';
import type { TaskKind } from '#lib/domain/forms';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const listSetAsideInput = z.strictObject({ projectId: z.uuid() });

const most = 100;

export interface SetAsideTask {
  readonly taskId: string;
  readonly kind: TaskKind;
  readonly at: Date;
  readonly messages: readonly Message[];
  /** Why people skipped it, in the order in which they did; `note` is what they wrote beside it. */
  readonly skips: readonly { readonly reason: SkipReason; readonly note: string }[];
}

/** Tasks that so many people skipped that they wait for the lead, the oldest first, at most 100; `total` counts all. Needs labeling.manage. */
export async function listSetAside(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listSetAsideInput>,
): Promise<{ tasks: readonly SetAsideTask[]; total: number }> {
  const { projectId } = listSetAsideInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  const where = { projectId, setAsideAt: { not: null } };
  const [total, rows] = await Promise.all([
    deps.db.task.count({ where }),
    deps.db.task.findMany({
      where,
      orderBy: [{ setAsideAt: 'asc' }, { id: 'asc' }],
      take: most,
      select: {
        ...{ id: true, kind: true, setAsideAt: true, prompt: { select: { messages: true } } },
        assignments: {
          where: { skipReason: { not: null } },
          orderBy: [{ releasedAt: 'asc' }, { id: 'asc' }],
          select: { skipReason: true },
        },
      },
    }),
  ]);
  const tasks = rows.map(({ id, kind, setAsideAt, prompt, assignments }) => ({
    ...{ taskId: id, kind, at: setAsideAt as Date },
    messages: messagesSchema.parse(prompt.messages),
    skips: assignments.map(({ skipReason }) => readSkip(skipReason ?? '')),
  }));
  return { tasks, total };
}

/** As lib/services/labeling/skip-task.ts writes it: the reason, and after a colon what was said beside it. */
function readSkip(kept: string): SetAsideTask['skips'][number] {
  const reason = skipReasons.find((one) => kept === one || kept.startsWith(`${one}: `)) ?? 'OTHER';
  return { reason, note: kept.startsWith(`${reason}: `) ? kept.slice(reason.length + 2) : '' };
}
