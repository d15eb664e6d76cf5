import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { loadPreferences, type PreferencesView } from './preferences';

export const getPreferencesInput = z.strictObject({ projectId: z.uuid() });

export async function getPreferences(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getPreferencesInput>,
): Promise<PreferencesView> {
  const { projectId } = getPreferencesInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  return loadPreferences(deps.db, projectId, requireUser(actor));
}
