import { z } from 'zod';
import { Prisma } from '#lib/db/generated/client';
import type { TaskKind } from '#lib/db/generated/enums';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { taskExcerpt } from './find-thread';

const cursorSchema = z.strictObject({ at: z.coerce.date(), taskId: z.uuid(), annotatorId: z.uuid() });

export const listThreadsInput = z.strictObject({
  projectId: z.uuid(),
  /** own: of the annotator who asks; project: all of the project, for who leads it. */
  scope: z.enum(['own', 'project']),
  after: cursorSchema.optional(),
  limit: z.int().min(1).max(100).default(20),
});

interface ThreadSummary {
  readonly taskId: string;
  readonly annotatorId: string;
  /** For the lead. */
  readonly annotatorName: string | null;
  readonly kind: TaskKind;
  readonly asks: { readonly text: string; readonly more: boolean };
  readonly last: { readonly text: string; readonly from: 'ANNOTATOR' | 'LEAD'; readonly at: Date };
  readonly count: number;
  readonly unread: number;
}

type Row = Omit<ThreadSummary, 'asks' | 'last'> & { messages: unknown; lastText: string; lastFrom: 'ANNOTATOR' | 'LEAD'; lastAt: Date };

/** Threads, the one written in last on top. */
export async function listThreads(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listThreadsInput>,
): Promise<{ threads: readonly ThreadSummary[]; next: z.infer<typeof cursorSchema> | null }> {
  const { projectId, scope, after, limit } = listThreadsInput.parse(input);
  const userId = requireUser(actor);
  const lead = scope === 'project';
  await authorise(deps, actor, projectId, lead ? 'labeling.manage' : 'labeling.annotate');
  const whose = lead ? Prisma.sql`true` : Prisma.sql`m."annotatorId" = ${userId}`;
  const unread = lead ? Prisma.sql`m."authorId" = m."annotatorId"` : Prisma.sql`m."authorId" <> m."annotatorId"`;
  const rows = await deps.db.$queryRaw<Row[]>`
    with threads as (
      select m."taskId", m."annotatorId", count(*)::int as "count", max(m."createdAt") as "lastAt",
        (count(*) filter (where m."readAt" is null and ${unread}))::int as "unread"
      from "TaskMessage" m where m."projectId" = ${projectId} and ${whose}
      group by m."taskId", m."annotatorId")
    select h.*, t."kind"::text as "kind", p."messages", l."text" as "lastText",
      case when l."authorId" = h."annotatorId" then 'ANNOTATOR' else 'LEAD' end as "lastFrom",
      case when ${lead} then u."name" end as "annotatorName"
    from threads h
    join "Task" t on t."id" = h."taskId" join "Prompt" p on p."id" = t."promptId" join "User" u on u."id" = h."annotatorId"
    join lateral (
      select "text", "authorId" from "TaskMessage" m where m."taskId" = h."taskId" and m."annotatorId" = h."annotatorId"
      order by m."createdAt" desc, m."id" desc limit 1) l on true
    where ${after ? Prisma.sql`(h."lastAt", h."taskId", h."annotatorId") < (${after.at}::timestamp, ${after.taskId}, ${after.annotatorId})` : Prisma.sql`true`}
    order by h."lastAt" desc, h."taskId" desc, h."annotatorId" desc
    limit ${limit + 1}`;
  const threads = rows.slice(0, limit).map((row) => ({
    taskId: row.taskId,
    annotatorId: row.annotatorId,
    annotatorName: row.annotatorName,
    kind: row.kind,
    asks: taskExcerpt(row.messages),
    last: { text: row.lastText, from: row.lastFrom, at: row.lastAt },
    count: row.count,
    unread: row.unread,
  }));
  const end = threads.at(-1);
  const more = rows.length > limit && end !== undefined;
  return { threads, next: more ? { at: end.last.at, taskId: end.taskId, annotatorId: end.annotatorId } : null };
}
