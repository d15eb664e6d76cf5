import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { isAllowed } from '#lib/domain/permissions';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';

export const countUnreadInput = z.strictObject({ projectId: z.uuid() });

export interface Unread {
  /** Answers of the lead that this person has not read. */
  readonly own: number;
  /** For who leads the project: messages of annotators that no lead has read, and reports that wait. */
  readonly project: number;
  readonly reports: number;
}

/** What waits to be read by the person who asks. */
export async function countUnread(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof countUnreadInput>): Promise<Unread> {
  const { projectId } = countUnreadInput.parse(input);
  const userId = requireUser(actor);
  const member = await authorise(deps, actor, projectId, 'project.read');
  const leads = isAllowed(member?.roles ?? [], false, 'labeling.manage');
  const own = await loadUnread(deps.db, userId, projectId);
  if (!leads) return { own, project: 0, reports: 0 };
  const [row] = await deps.db.$queryRaw<{ n: number }[]>`
    select count(*)::int as "n" from "TaskMessage" where "projectId" = ${projectId} and "readAt" is null and "authorId" = "annotatorId"`;
  const reports = await deps.db.taskReport.count({ where: { projectId, resolvedAt: null } });
  return { own, project: row?.n ?? 0, reports };
}

/** Answers of the lead in this person's own threads that he has not read, in a project; the caller has authorised. */
async function loadUnread(db: Tx, userId: string, projectId: string): Promise<number> {
  return db.taskMessage.count({ where: { annotatorId: userId, projectId, readAt: null, authorId: { not: userId } } });
}
