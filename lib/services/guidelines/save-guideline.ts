import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { sha256Hex } from '#lib/domain/canonical-json';
import { storableText } from '#lib/domain/prompts';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import type { GuidelineView } from './get-guideline';

export const saveGuidelineInput = z.strictObject({
  projectId: z.uuid(),
  text: storableText.trim().min(1).max(100_000),
  /** The version that was read before writing: two writers do not undo each other unseen. */
  basedOn: z.int().min(0),
});

/**
 * Saves a new version of the guideline; tasks that exist keep the version they were made under. The same text again
 * gives the version that holds it.
 * @throws AppError CONFLICT where somebody saved another version meanwhile
 */
export async function saveGuideline(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof saveGuidelineInput>,
): Promise<GuidelineView> {
  const { projectId, text, basedOn } = saveGuidelineInput.parse(input);
  await authorise(deps, actor, projectId, 'guideline.write');
  const view = { id: true, version: true, text: true, contentHash: true, createdAt: true } as const;
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const newest = await tx.guideline.findFirst({ where: { projectId }, orderBy: { version: 'desc' }, select: view });
    const contentHash = sha256Hex(text);
    if (newest?.contentHash === contentHash) return newest;
    if ((newest?.version ?? 0) !== basedOn) {
      throw new AppError('CONFLICT', `Somebody saved version ${newest?.version ?? 0} of the guideline while you wrote.`, {
        details: { version: newest?.version ?? 0 },
        remedy: 'Read it, bring the two together and save again.',
      });
    }
    return tx.guideline.create({
      data: { projectId, version: basedOn + 1, text, contentHash, createdById: actorUserId(actor), createdAt: deps.clock.now() },
      select: view,
    });
  });
}
