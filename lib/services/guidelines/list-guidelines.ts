import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

const listGuidelinesInput = z.strictObject({ projectId: z.uuid() });

interface GuidelineVersion {
  readonly version: number;
  readonly createdAt: Date;
}

/** The versions of the guideline, the newest first; who wrote them is not said. */
export async function listGuidelines(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listGuidelinesInput>,
): Promise<readonly GuidelineVersion[]> {
  const { projectId } = listGuidelinesInput.parse(input);
  await authorise(deps, actor, projectId, 'guideline.read');
  return deps.db.guideline.findMany({
    where: { projectId },
    orderBy: { version: 'desc' },
    take: 500,
    select: { version: true, createdAt: true },
  });
}
