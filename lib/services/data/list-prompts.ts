import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type Message, messagesSchema } from '#lib/domain/prompts';
import { type Split, splits } from '#lib/domain/splits';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const listPromptsInput = z.strictObject({
  datasetId: z.uuid(),
  split: z.enum(splits).optional(),
  /** Rows after this ordinal; the ordinal of the last row leads to the next page. */
  after: z.int().min(-1).default(-1),
  limit: z.int().min(1).max(200).default(50),
});

export interface PromptView {
  readonly id: string;
  readonly ordinal: number;
  readonly messages: readonly Message[];
  readonly split: Split;
  readonly responses: number;
}

/** Prompts of a dataset in the order of the file. Needs dataset.read. */
export async function listPrompts(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listPromptsInput>,
): Promise<{ prompts: readonly PromptView[]; next: number | null }> {
  const { datasetId, split, after, limit } = listPromptsInput.parse(input);
  const dataset = await deps.db.dataset.findUnique({ where: { id: datasetId }, select: { projectId: true } });
  if (!dataset) throw new AppError('NOT_FOUND', 'There is no such dataset.');
  await authorise(deps, actor, dataset.projectId, 'dataset.read');
  const rows = await deps.db.prompt.findMany({
    where: { datasetId, ordinal: { gt: after }, ...(split && { split }) },
    orderBy: { ordinal: 'asc' },
    take: limit + 1,
    select: { id: true, ordinal: true, messages: true, split: true, _count: { select: { responses: true } } },
  });
  const prompts = rows.slice(0, limit).map(({ _count, ...row }) => ({
    ...row,
    messages: messagesSchema.parse(row.messages),
    responses: _count.responses,
  }));
  return { prompts, next: rows.length > limit ? (prompts.at(-1)?.ordinal ?? null) : null };
}
