import { z } from 'zod';
import type { TaskKind, TaskStatus } from '#lib/db/generated/enums';
import type { Actor } from '#lib/domain/actor';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import { type ReportCategory, reportCategories } from '#lib/domain/task-reports';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

const cursorSchema = z.strictObject({ at: z.coerce.date(), id: z.uuid() });

export const listReportsInput = z.strictObject({
  projectId: z.uuid(),
  state: z.enum(['open', 'resolved']).default('open'),
  after: cursorSchema.optional(),
  limit: z.int().min(1).max(100).default(20),
});

export interface ReportView {
  readonly id: string;
  readonly category: ReportCategory;
  readonly text: string;
  readonly reporterId: string;
  readonly reporterName: string;
  readonly at: Date;
  readonly resolution: string | null;
  readonly resolvedAt: Date | null;
  readonly task: {
    readonly id: string;
    readonly kind: TaskKind;
    readonly status: TaskStatus;
    readonly messages: readonly Message[];
    readonly responses: readonly string[];
    /** People who reported it and have no answer yet, this one with them. */
    readonly openReports: number;
    readonly labels: number;
  };
}

/** Reports that wait, oldest first, or those that were decided, newest first; each with the whole text that is complained of. */
export async function listReports(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listReportsInput>,
): Promise<{ reports: readonly ReportView[]; next: z.infer<typeof cursorSchema> | null }> {
  const { projectId, state, after, limit } = listReportsInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  const open = state === 'open';
  const beyond =
    after &&
    (open
      ? [{ createdAt: { gt: after.at } }, { createdAt: after.at, id: { gt: after.id } }]
      : [{ createdAt: { lt: after.at } }, { createdAt: after.at, id: { lt: after.id } }]);
  const direction = open ? 'asc' : 'desc';
  const rows = await deps.db.taskReport.findMany({
    where: { projectId, resolvedAt: open ? null : { not: null }, ...(beyond && { OR: beyond }) },
    orderBy: [{ createdAt: direction }, { id: direction }],
    take: limit + 1,
    include: {
      task: {
        select: {
          id: true,
          kind: true,
          status: true,
          prompt: { select: { messages: true } },
          responses: { orderBy: { position: 'asc' }, select: { response: { select: { text: true } } } },
          _count: { select: { reports: { where: { resolvedAt: null } }, slots: { where: { state: 'FILLED' } } } },
        },
      },
    },
  });
  const names = new Map(
    (
      await deps.db.user.findMany({ where: { id: { in: rows.map(({ reporterId }) => reporterId) } }, select: { id: true, name: true } })
    ).map(({ id, name }) => [id, name]),
  );
  const reports = rows.slice(0, limit).map(({ task, ...row }) => ({
    id: row.id,
    category: z.enum(reportCategories).parse(row.category),
    text: row.text,
    reporterId: row.reporterId,
    reporterName: names.get(row.reporterId) ?? '',
    at: row.createdAt,
    resolution: row.resolution,
    resolvedAt: row.resolvedAt,
    task: {
      id: task.id,
      kind: task.kind,
      status: task.status,
      messages: messagesSchema.parse(task.prompt.messages),
      responses: task.responses.map(({ response }) => response.text),
      openReports: task._count.reports,
      labels: task._count.slots,
    },
  }));
  const end = reports.at(-1);
  return { reports, next: rows.length > limit && end ? { at: end.at, id: end.id } : null };
}
