import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { hashInputs } from '../loops/stage-spec';
import { authorise } from '../people/authorise';
import { createRun } from '../runs/create-run';

export const requestScoringInput = z.strictObject({
  projectId: z.uuid(),
  /** Members of the ensemble; left out: the project's newest reward model. */
  rewardModelIds: z.array(z.uuid()).min(1).max(16).optional(),
});

/**
 * Asks the worker to score the answers of the project's tasks with reward models: what the review queue is ordered by, and what a hint after
 * submitting stands on. Where such a run waits or runs already, that one is named.
 * @throws AppError PRECONDITION where the project has no reward model
 */
export async function requestScoring(
  deps: Pick<Deps, 'db' | 'queues'>,
  actor: Actor,
  input: z.input<typeof requestScoringInput>,
): Promise<{ runId: string }> {
  const { projectId, rewardModelIds } = requestScoringInput.parse(input);
  await authorise(deps, actor, projectId, 'run.operate');
  const runId = await deps.db.$transaction(async (tx) => {
    // Two people who ask at once get one run.
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const models = await tx.modelVersion.findMany({
      where: { projectId, kind: 'REWARD', ...(rewardModelIds && { id: { in: rewardModelIds } }) },
      orderBy: { createdAt: 'desc' },
      select: { id: true },
      ...(rewardModelIds ? {} : { take: 1 }),
    });
    if (models.length === 0 || (rewardModelIds && models.length < new Set(rewardModelIds).size)) {
      throw new AppError('PRECONDITION', 'The project has no such reward model to score with.', {
        remedy: 'Train one in a loop, or import one, and ask again.',
      });
    }
    const spec = { kind: 'SCORING' as const, config: { batchSize: 64 }, inputs: { rewardModelIds: models.map(({ id }) => id).sort() } };
    const waiting = await tx.run.findFirst({
      where: { projectId, kind: 'SCORING', status: { in: ['QUEUED', 'RUNNING'] }, inputs: { equals: spec.inputs } },
      select: { id: true },
    });
    if (waiting) return waiting.id;
    return createRun(tx, {
      projectId,
      roundId: null,
      spec,
      inputHashes: await hashInputs(tx, spec),
      seed: 0,
      device: 'CPU',
      createdById: actorUserId(actor),
    });
  });
  await deps.queues.wake();
  return { runId };
}
