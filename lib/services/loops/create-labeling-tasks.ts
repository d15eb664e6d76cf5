import type { Tx } from '#lib/db/create-db';
import { requireSplit } from '#lib/domain/prompt-draw';
import { createTasks } from './create-tasks';
import type { LockedRound } from './lock-round';

/** White space around and between words is no difference that a person could rank. */
export function sameText(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** One ranking task a prompt, of its different answers; a prompt with fewer than two different answers is left out. */
export async function createLabelingTasks(tx: Tx, round: LockedRound, runId: string): Promise<{ tasks: number; duplicates: number }> {
  const responses = await tx.response.findMany({
    where: { runId },
    orderBy: [{ promptId: 'asc' }, { sampleIndex: 'asc' }],
    select: { id: true, promptId: true, text: true, prompt: { select: { id: true, split: true, ordinal: true } } },
  });
  requireSplit(
    responses.map((response) => response.prompt),
    ['TRAIN', 'VALIDATION'],
    'labeling',
  );
  const byPrompt = new Map<string, { ordinal: number; texts: Set<string>; responseIds: string[] }>();
  let duplicates = 0;
  for (const response of responses) {
    const group = byPrompt.get(response.promptId) ?? { ordinal: response.prompt.ordinal, texts: new Set(), responseIds: [] };
    byPrompt.set(response.promptId, group);
    const text = sameText(response.text);
    if (group.texts.has(text)) duplicates += 1;
    else {
      group.texts.add(text);
      group.responseIds.push(response.id);
    }
  }
  const tasks = [...byPrompt.entries()]
    .filter(([, group]) => group.responseIds.length >= 2)
    .sort(([, a], [, b]) => a.ordinal - b.ordinal)
    .map(([promptId, group]) => ({ promptId, responseIds: group.responseIds }));
  await createTasks(tx, {
    projectId: round.loop.projectId,
    roundId: round.id,
    purpose: 'LABELING',
    kind: round.loop.config.taskKind,
    overlap: round.loop.config.overlap,
    tasks,
  });
  return { tasks: tasks.length, duplicates };
}
