import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';

export const markGuidelineReadInput = z.strictObject({ projectId: z.uuid(), version: z.int().min(1) });

/** "I have read it": from now on changes are told against this version. Reading an earlier one again takes nothing back. */
export async function markGuidelineRead(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof markGuidelineReadInput>,
): Promise<{ read: number }> {
  const { projectId, version } = markGuidelineReadInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'guideline.read');
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Membership" where "projectId" = ${projectId} and "userId" = ${userId} for update`;
    const guideline = await tx.guideline.findFirst({ where: { projectId, version }, select: { id: true } });
    if (!guideline) throw new AppError('NOT_FOUND', 'The project has no such version of its guideline.');
    const key = { projectId_userId: { projectId, userId } };
    const { guidelineReadId } = await tx.membership.findUniqueOrThrow({ where: key, select: { guidelineReadId: true } });
    const before = guidelineReadId && (await tx.guideline.findUnique({ where: { id: guidelineReadId }, select: { version: true } }));
    if (before && before.version >= version) return { read: before.version };
    await tx.membership.update({ where: key, data: { guidelineReadId: guideline.id } });
    return { read: version };
  });
}
