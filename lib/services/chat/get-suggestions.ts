import type { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { loadDemonstration, loadSuggestions, type SuggestionsView, suggestionsInput } from './suggestions';

/** What was suggested so far, on this person's asking. */
export async function getSuggestions(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof suggestionsInput>,
): Promise<SuggestionsView> {
  const { assignmentId } = suggestionsInput.parse(input);
  const { count } = await loadDemonstration(deps.db, actor, assignmentId);
  return loadSuggestions(deps.db, assignmentId, count);
}
