import { setTimeout as sleep } from 'node:timers/promises';
import { comparisonFromOrder } from '#lib/domain/comparison';
import type { Random } from '#lib/domain/random';
import { type AnnotatorConfig, rankDisplayed } from '#lib/domain/simulation/annotator';
import type { Gold } from '#lib/domain/simulation/gold';
import type { Deps } from '#lib/services/deps';
import { claimTask } from '#lib/services/labeling/claim-task';
import type { AssignmentView } from '#lib/services/labeling/get-assignment-view';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { ensureSimulatedMembers } from '#lib/services/people/ensure-simulated-members';

/** Stands in for the seconds that a person takes; only recorded, never waited for. */
const activeMsPerTask = 20_000;

export interface SimulatedAnnotator {
  readonly userId: string;
  readonly name: string;
  readonly random: Random;
}

export async function makeAnnotators(deps: Deps, projectId: string, count: number, random: Random): Promise<readonly SimulatedAnnotator[]> {
  const names = Array.from({ length: count }, (_, index) => `Simulated annotator ${index + 1}`);
  const members = await ensureSimulatedMembers(deps, { kind: 'system', name: 'command-line' }, { projectId, names });
  return members.map(({ userId, name }) => ({ userId, name, random: random.fork(name) }));
}

/** What a simulated annotator says of a task: its answers ranked by the hidden gold as it perceives them, in the order displayed. */
function judge(view: AssignmentView, gold: Gold, config: AnnotatorConfig, random: Random) {
  const ranks = rankDisplayed(
    config,
    view.responses.map(({ text }) => gold.score(text)),
    // By task, not by turn: what is said of a task does not depend on which tasks came before it.
    random.fork(view.taskId),
  );
  const groups: string[][] = [];
  for (const [index, rank] of ranks.entries()) {
    const id = view.responses[index]?.id;
    if (id === undefined) continue;
    groups[rank - 1] = [...(groups[rank - 1] ?? []), id];
  }
  return comparisonFromOrder(groups);
}

export interface Annotating {
  readonly projectId: string;
  readonly gold: Gold;
  readonly config: AnnotatorConfig;
  readonly annotators: readonly SimulatedAnnotator[];
}

/** Everyone ranks, through the same services as a person's browser, until nobody finds a task. Returns how many were sent. */
export async function annotateAll(deps: Deps, { projectId, gold, config, annotators }: Annotating): Promise<number> {
  const sent = await Promise.all(
    annotators.map(async ({ userId, random }) => {
      const actor = { kind: 'user', userId, isSystemAdmin: false } as const;
      let count = 0;
      for (let view = await claimTask(deps, actor, { projectId }); view !== null; count += 1) {
        const submitted = await submitAnnotation(deps, actor, {
          assignmentId: view.assignmentId,
          idempotencyKey: `simulated-${view.assignmentId}`,
          content: judge(view, gold, config, random),
          activeMs: activeMsPerTask,
        });
        view = submitted.next;
      }
      return count;
    }),
  );
  return sent.reduce((sum, count) => sum + count, 0);
}

/** Ranks whatever appears until `finished` says so; looks again every half second. */
export async function annotateUntil(deps: Deps, work: Annotating, finished: () => Promise<boolean>): Promise<number> {
  let sent = 0;
  while (!(await finished())) {
    const now = await annotateAll(deps, work);
    sent += now;
    if (now === 0) await sleep(500);
  }
  return sent;
}
