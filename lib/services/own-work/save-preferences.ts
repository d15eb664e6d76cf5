import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { memberPreferencesSchema, parseMemberPreferences } from '#lib/domain/member-preferences';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { loadPreferences, type PreferencesView } from './preferences';

export const savePreferencesInput = z.strictObject({
  projectId: z.uuid(),
  change: memberPreferencesSchema.partial().extend({
    hiddenCategories: memberPreferencesSchema.shape.hiddenCategories.unwrap().optional(),
    /** "project": as the project says again. */
    blur: memberPreferencesSchema.shape.blur.unwrap().or(z.literal('project')).optional(),
    breakMinutes: memberPreferencesSchema.shape.breakMinutes.unwrap().or(z.literal('project')).optional(),
  }),
});

/** Changes what is named and leaves the rest. Tasks of a category that is hidden now are not handed out to this person any more. */
export async function savePreferences(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof savePreferencesInput>,
): Promise<PreferencesView> {
  const { projectId, change } = savePreferencesInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const key = { projectId_userId: { projectId, userId } };
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Membership" where "projectId" = ${projectId} and "userId" = ${userId} for update`;
    const before = parseMemberPreferences(
      (await tx.membership.findUniqueOrThrow({ where: key, select: { preferences: true } })).preferences,
    );
    const { blur = before.blur, breakMinutes = before.breakMinutes } = change;
    const preferences = {
      hiddenCategories: [...new Set(change.hiddenCategories ?? before.hiddenCategories)].sort(),
      ...(blur !== undefined && blur !== 'project' && { blur }),
      ...(breakMinutes !== undefined && breakMinutes !== 'project' && { breakMinutes }),
    };
    await tx.membership.update({ where: key, data: { preferences } });
    return loadPreferences(tx, projectId, userId);
  });
}
