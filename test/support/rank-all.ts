import { type Comparison, comparisonFromOrder } from '#lib/domain/comparison';
import type { Deps } from '#lib/services/deps';
import { claimTask } from '#lib/services/labeling/claim-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { ensureSimulatedMembers } from '#lib/services/people/ensure-simulated-members';
import { actor } from './loop';

/** The more often an answer says "e", the better; equal counts tie. */
function judge(responses: readonly { id: string; text: string }[]): Comparison {
  const groups = new Map<number, string[]>();
  for (const { id, text } of responses) {
    const count = text.split('e').length;
    groups.set(count, [...(groups.get(count) ?? []), id]);
  }
  return comparisonFromOrder([...groups.entries()].sort(([a], [b]) => b - a).map(([, ids]) => ids));
}

/** Somebody ranks every task of the project that he can get. */
export async function rankAll(deps: Deps, projectId: string, limit = Number.POSITIVE_INFINITY, name = 'Ranker'): Promise<number> {
  const [member] = await ensureSimulatedMembers(deps, actor, { projectId, names: [name] });
  const person = { kind: 'user', userId: member!.userId, isSystemAdmin: false } as const;
  let count = 0;
  for (let view = await claimTask(deps, person, { projectId }); view !== null && count < limit; count += 1) {
    const sent = await submitAnnotation(deps, person, {
      assignmentId: view.assignmentId,
      idempotencyKey: `rank-${view.assignmentId}`,
      content: judge(view.responses),
      activeMs: 1000,
    });
    view = sent.next;
  }
  return count;
}
