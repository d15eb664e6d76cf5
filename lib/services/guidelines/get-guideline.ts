import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getGuidelineInput = z.strictObject({ projectId: z.uuid(), version: z.int().min(1).optional() });

export interface GuidelineView {
  readonly id: string;
  readonly version: number;
  readonly text: string;
  readonly contentHash: string;
  readonly createdAt: Date;
}

/** One version of the guideline, the newest where none is named. */
export async function getGuideline(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof getGuidelineInput>): Promise<GuidelineView> {
  const { projectId, version } = getGuidelineInput.parse(input);
  await authorise(deps, actor, projectId, 'guideline.read');
  const guideline = await deps.db.guideline.findFirst({
    where: { projectId, ...(version !== undefined && { version }) },
    orderBy: { version: 'desc' },
    select: { id: true, version: true, text: true, contentHash: true, createdAt: true },
  });
  if (!guideline) throw new AppError('NOT_FOUND', 'The project has no such version of its guideline.');
  return guideline;
}
