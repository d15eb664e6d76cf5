import type { Tx } from '#lib/db/create-db';
import { hashJson } from '#lib/domain/canonical-json';
import type { runKindOfStage } from '#lib/domain/loop';
import { drawLabelingPrompts, drawTestPrompts } from '#lib/domain/prompt-draw';
import { createRandom } from '#lib/domain/random';
import type { RunSpec } from '#lib/domain/runs';
import { AppError } from '#lib/errors';
import type { LockedRound } from './lock-round';

export interface StageRun {
  readonly spec: RunSpec;
  readonly inputHashes: Record<string, string>;
  readonly seed: number;
}

/** What the run of this round's stage is to do, drawn from the loop's seed: the same loop asks for the same. */
export async function stageSpec(tx: Tx, round: LockedRound, stage: keyof typeof runKindOfStage): Promise<StageRun> {
  const spec = await specOf(tx, round, stage);
  const seed = createRandom(round.loop.config.seed, 'run', stage, round.ordinal).integer(2 ** 31);
  return { spec, inputHashes: await hashInputs(tx, spec), seed };
}

async function specOf(tx: Tx, round: LockedRound, stage: keyof typeof runKindOfStage): Promise<RunSpec> {
  const { loop } = round;
  const { config } = loop;
  switch (stage) {
    case 'SAMPLING': {
      const prompts = await drawable(tx, round);
      const promptIds = drawLabelingPrompts(prompts, config.promptsPerRound, createRandom(config.seed, 'sampling', round.ordinal));
      const withReference = config.sampling.includeReference && loop.referenceId !== round.initPolicyId;
      const own = config.responsesPerPrompt - (withReference ? 1 : 0);
      const { temperature, maxNewTokens, batchSize } = config.sampling;
      return {
        kind: 'GENERATION',
        config: { sampling: { temperature, maxNewTokens, batchSize } },
        inputs: {
          generators: [
            { modelId: round.initPolicyId, samples: own, sampleOffset: 0 },
            ...(withReference ? [{ modelId: loop.referenceId, samples: 1, sampleOffset: own }] : []),
          ],
          promptIds,
        },
      };
    }
    case 'REWARD_TRAINING': {
      // From scratch: the trunk starts as the SFT policy, the head is new. A round's snapshot holds the labels of all rounds before it too.
      return {
        kind: 'REWARD_TRAINING',
        config: { trainer: config.reward },
        inputs: { initModelId: loop.referenceId, snapshotIds: [required(round.snapshotId, 'a snapshot')] },
      };
    }
    case 'POLICY_TRAINING':
      return {
        kind: 'POLICY_TRAINING',
        config: { trainer: config.policy },
        inputs: {
          initPolicyId: round.initPolicyId,
          referenceId: loop.referenceId,
          rewardModelId: required(round.rewardModelId, 'a reward model'),
          datasetId: loop.datasetId,
        },
      };
    case 'EVALUATION': {
      const prompts = await drawable(tx, round);
      const { comparisons, overlap, temperature } = config.evaluation;
      return {
        kind: 'EVALUATION',
        config: {
          sampling: { temperature, maxNewTokens: config.sampling.maxNewTokens, batchSize: config.sampling.batchSize },
          comparisons,
          overlap,
        },
        inputs: {
          candidateId: required(round.candidateId, 'a trained policy'),
          referenceId: loop.referenceId,
          previousId: round.initPolicyId,
          rewardModelId: required(round.rewardModelId, 'a reward model'),
          promptIds: drawTestPrompts(prompts, config.evaluation.prompts, createRandom(config.seed, 'evaluation', round.ordinal)),
        },
      };
    }
  }
}

function required(id: string | null, what: string): string {
  if (!id) throw new AppError('INVARIANT', `The round has no ${what} yet.`, { details: { check: 'round-inputs' } });
  return id;
}

async function drawable(tx: Tx, round: LockedRound) {
  const prompts = await tx.prompt.findMany({
    where: { datasetId: round.loop.datasetId },
    orderBy: { ordinal: 'asc' },
    select: { id: true, split: true },
  });
  const tasks = await tx.task.findMany({
    where: { purpose: 'LABELING', round: { loopId: round.loop.id } },
    select: { promptId: true },
    distinct: ['promptId'],
  });
  const used = new Set(tasks.map((task) => task.promptId));
  return prompts.map((prompt) => ({ ...prompt, used: used.has(prompt.id) }));
}

/** Content hashes of all that a run reads, by input name. */
export async function hashInputs(tx: Tx, spec: RunSpec): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  const { inputs } = spec;
  const modelIds = modelIdsOf(spec);
  const models = await tx.modelVersion.findMany({ where: { id: { in: modelIds } }, select: { id: true, weightsHash: true } });
  for (const model of models) hashes[`model:${model.id}`] = model.weightsHash;
  if ('snapshotIds' in inputs) {
    const snapshots = await tx.snapshot.findMany({ where: { id: { in: inputs.snapshotIds } }, select: { id: true, hash: true } });
    for (const snapshot of snapshots) hashes[`snapshot:${snapshot.id}`] = snapshot.hash;
  }
  const where = 'promptIds' in inputs ? { id: { in: inputs.promptIds } } : 'datasetId' in inputs ? trainPrompts(inputs.datasetId) : null;
  if (where) {
    const prompts = await tx.prompt.findMany({ where, orderBy: { ordinal: 'asc' }, select: { contentHash: true } });
    hashes.prompts = hashJson(prompts.map((prompt) => prompt.contentHash));
  }
  return hashes;
}

/** The policy learns only on prompts of the training split. */
export function trainPrompts(datasetId: string) {
  return { datasetId, split: 'TRAIN' as const };
}

export function modelIdsOf(spec: RunSpec): string[] {
  switch (spec.kind) {
    case 'GENERATION':
      return [...new Set(spec.inputs.generators.map((generator) => generator.modelId))];
    case 'REWARD_TRAINING':
      return [spec.inputs.initModelId];
    case 'POLICY_TRAINING':
      return [...new Set([spec.inputs.initPolicyId, spec.inputs.referenceId, spec.inputs.rewardModelId])];
    case 'EVALUATION': {
      const { candidateId, referenceId, previousId, rewardModelId } = spec.inputs;
      return [...new Set([candidateId, referenceId, previousId, rewardModelId])];
    }
    case 'SCORING':
      return [...new Set(spec.inputs.rewardModelIds)];
  }
}
