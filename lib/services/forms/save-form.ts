import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { hashJson } from '#lib/domain/canonical-json';
import { parseFormSpec } from '#lib/domain/forms';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const saveFormInput = z.strictObject({
  projectId: z.uuid(),
  spec: z.unknown(),
  /** The version that was read before writing, 0 where there was none: two writers do not undo each other unseen. */
  basedOn: z.int().min(0),
});

/**
 * Saves a new version of the form of a kind; tasks that exist keep the version they were made under. The same form again
 * gives the version that holds it. Needs form.write.
 * @throws AppError BAD_INPUT naming the field; CONFLICT where somebody saved another version meanwhile
 */
export async function saveForm(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof saveFormInput>,
): Promise<{ version: number }> {
  const { projectId, spec: given, basedOn } = saveFormInput.parse(input);
  await authorise(deps, actor, projectId, 'form.write');
  const spec = parseFormSpec(given);
  const contentHash = hashJson(spec);
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const newest = await tx.formVersion.findFirst({
      where: { projectId, kind: spec.kind },
      orderBy: { version: 'desc' },
      select: { version: true, spec: true },
    });
    // Compared as they are read: the form of the first release is stored in another shape.
    if (newest && hashJson(parseFormSpec(newest.spec)) === contentHash) return { version: newest.version };
    const version = newest?.version ?? 0;
    if (version !== basedOn) {
      throw new AppError('CONFLICT', `Somebody saved version ${version} of this form while you wrote.`, {
        details: { version },
        remedy: 'Load the page anew, bring the two together and save again.',
      });
    }
    return tx.formVersion.create({
      data: {
        projectId,
        kind: spec.kind,
        version: version + 1,
        spec: structuredClone(spec),
        contentHash,
        createdById: actorUserId(actor),
        createdAt: deps.clock.now(),
      },
      select: { version: true },
    });
  });
}
