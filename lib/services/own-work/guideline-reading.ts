import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { countChanges, type GuidelineLine, guidelineLines } from '#lib/domain/guideline-changes';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';

export const guidelineReadingInput = z.strictObject({
  projectId: z.uuid(),
  /** The version to compare with what was read; the newest where left out. */
  version: z.int().min(1).optional(),
  /** Compare with this version instead of the one read last. */
  from: z.int().min(1).optional(),
});

export interface GuidelineReading {
  readonly shown: { readonly id: string; readonly version: number; readonly text: string; readonly createdAt: Date };
  readonly newest: number;
  /** The version this person said he read last; null = none yet. */
  readonly read: number | null;
  /** The version compared with; null where nothing earlier was read, or it is the one shown. */
  readonly from: number | null;
  readonly lines: readonly GuidelineLine[] | null;
  readonly changes: number;
}

/** A version of the guideline with what changed in it since this person read it last. */
export async function guidelineReading(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof guidelineReadingInput>,
): Promise<GuidelineReading> {
  const { projectId, version, from: wantedFrom } = guidelineReadingInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'guideline.read');
  const select = { id: true, version: true, text: true, createdAt: true } as const;
  const newest = await deps.db.guideline.findFirst({ where: { projectId }, orderBy: { version: 'desc' }, select });
  const shown = version === undefined ? newest : await deps.db.guideline.findFirst({ where: { projectId, version }, select });
  if (!newest || !shown) throw new AppError('NOT_FOUND', 'The project has no such version of its guideline.');
  const { guidelineReadId } = await deps.db.membership.findUniqueOrThrow({
    where: { projectId_userId: { projectId, userId } },
    select: { guidelineReadId: true },
  });
  const read = guidelineReadId === null ? null : await deps.db.guideline.findFirst({ where: { projectId, id: guidelineReadId }, select });
  const from = wantedFrom === undefined ? read : await deps.db.guideline.findFirst({ where: { projectId, version: wantedFrom }, select });
  if (wantedFrom !== undefined && !from) throw new AppError('NOT_FOUND', 'The project has no such version of its guideline.');
  const compared = from !== null && from.version !== shown.version ? from : null;
  const lines = compared && guidelineLines(compared.text, shown.text);
  return {
    shown,
    newest: newest.version,
    read: read?.version ?? null,
    from: compared?.version ?? null,
    lines,
    changes: lines ? countChanges(lines) : 0,
  };
}
