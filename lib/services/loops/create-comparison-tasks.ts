import type { Tx } from '#lib/db/create-db';
import { requireSplit } from '#lib/domain/prompt-draw';
import { sameText } from './create-labeling-tasks';
import { createTasks } from './create-tasks';
import type { LockedRound } from './lock-round';

/**
 * Blind comparisons of the candidate's answers: half against the policy of before, half against the SFT policy where they differ; on prompts
 * of the test split only. Equal answers are not shown: nobody could prefer one.
 */
export async function createComparisonTasks(tx: Tx, round: LockedRound, runId: string): Promise<{ tasks: number; duplicates: number }> {
  const { comparisons, overlap } = round.loop.config.evaluation;
  if (comparisons === 0) return { tasks: 0, duplicates: 0 };
  const responses = await tx.response.findMany({
    where: { runId, sampleIndex: 0 },
    orderBy: [{ promptId: 'asc' }],
    select: { id: true, text: true, modelVersionId: true, promptId: true, prompt: { select: { id: true, split: true, ordinal: true } } },
  });
  requireSplit(
    responses.map((response) => response.prompt),
    ['TEST'],
    'a blind comparison',
  );
  const byPrompt = new Map<string, typeof responses>();
  for (const response of responses) byPrompt.set(response.promptId, [...(byPrompt.get(response.promptId) ?? []), response]);
  const prompts = [...byPrompt.entries()].sort(([, a], [, b]) => (a[0]?.prompt.ordinal ?? 0) - (b[0]?.prompt.ordinal ?? 0));
  const baselines = [...new Set([round.initPolicyId, round.loop.referenceId])];
  const tasks: { promptId: string; responseIds: string[] }[] = [];
  let duplicates = 0;
  for (const [promptId, answers] of prompts) {
    if (tasks.length >= comparisons) break;
    const candidate = answers.find((answer) => answer.modelVersionId === round.candidateId);
    const baseline = answers.find((answer) => answer.modelVersionId === baselines[tasks.length % baselines.length]);
    if (!candidate || !baseline) continue;
    if (sameText(candidate.text) === sameText(baseline.text)) duplicates += 1;
    else tasks.push({ promptId, responseIds: [candidate.id, baseline.id] });
  }
  const { projectId, config } = round.loop;
  await createTasks(tx, { projectId, roundId: round.id, purpose: 'EVALUATION', kind: config.taskKind, overlap, tasks });
  return { tasks: tasks.length, duplicates };
}
