import { systemActor } from '#lib/domain/actor';
import { requireSplit } from '#lib/domain/prompt-draw';
import type { RunSpecOf } from '#lib/domain/runs';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import type { RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import { loadSnapshotData } from '#lib/services/snapshots/load-snapshot-data';
import { checkDisk, trainingBytes } from './check-disk';
import { followTrainer } from './follow-trainer';
import { loadModel } from './load-model';
import { parseTrainerConfig } from './parse-trainer-config';
import type { Outcome, RunContext } from './run-context';
import { storeModel } from './store-model';
import { loadCheckpoint } from './training-checkpoints';

/** REWARD_TRAINING: learns the rankings of training prompts; its accuracy is measured on validation prompts. */
export async function runRewardTraining(context: RunContext<RunSpecOf<'REWARD_TRAINING'>>): Promise<Outcome> {
  const { deps, run, spec, engine, signal } = context;
  const base = await loadModel(deps, spec.inputs.initModelId);
  const config = parseTrainerConfig(rewardConfig, spec.config.trainer, run.seed, 'reward');
  const tokenizer = loadTokenizer(base.files.tokenizerJson, base.name, base.files.config);
  const data = await readRankings(context, tokenizer);
  await checkDisk(deps, trainingBytes([countParameters(base.files.weights)]));
  const state = await loadCheckpoint(context);
  const model = createScalarModel(engine, base.files, { headSeed: run.seed });
  try {
    const trainer = trainReward({ engine, model, tokenizer, data, config, signal, ...(state ? { state } : {}) });
    const trained = await followTrainer(context, trainer);
    const { normalisation, notes, temperature, terms, validation, bestEpoch, steps } = trained;
    const card = { normalisation, temperature, bestEpoch, steps, config, snapshots: spec.inputs.snapshotIds, initialisedFrom: base.id };
    const produced = await storeModel(deps, base.files, 'REWARD', model.exportWeights(), card);
    const unmeasured = { defined: false as const, reason: 'no ranking of a validation prompt prefers an answer', n: 0 };
    return {
      result: {
        kind: 'REWARD_TRAINING',
        accuracy: validation?.accuracy ?? unmeasured,
        lengthBaseline: validation?.lengthBaseline ?? null,
        trainPrompts: data.filter((prompt) => prompt.split === 'TRAIN').length,
        validationPrompts: data.filter((prompt) => prompt.split === 'VALIDATION').length,
        details: JSON.parse(JSON.stringify({ bestEpoch, steps, normalisation, temperature, terms, notes, validation })),
      },
      model: produced,
    };
  } finally {
    model.dispose();
  }
}

export function countParameters(weights: ReadonlyMap<string, { readonly shape: readonly number[] }>): number {
  let count = 0;
  for (const tensor of weights.values()) count += tensor.shape.reduce((product, length) => product * length, 1);
  return count;
}

async function readRankings(
  context: RunContext<RunSpecOf<'REWARD_TRAINING'>>,
  tokenizer: { encode(text: string, options?: { bos?: boolean }): number[] },
): Promise<RankedPrompt[]> {
  const { deps, spec } = context;
  const prompts: RankedPrompt[] = [];
  for (const snapshotId of spec.inputs.snapshotIds) {
    for (const prompt of await loadSnapshotData(deps, systemActor('worker'), { snapshotId })) {
      prompts.push({
        promptId: prompt.promptId,
        split: prompt.split,
        prompt: tokenizer.encode(prompt.promptText, { bos: true }),
        // An answer of a person or an import has no ids of its own.
        responses: prompt.responses.map((response) => ({
          responseId: response.id,
          tokens: response.tokenIds.length > 0 ? response.tokenIds : tokenizer.encode(response.text),
        })),
        rankings: prompt.rankings.map(({ annotator, ranks, shown }) => ({ annotatorId: annotator, ranks, shown })),
      });
    }
  }
  requireSplit(
    prompts.map((prompt) => ({ id: prompt.promptId, split: prompt.split })),
    ['TRAIN', 'VALIDATION'],
    'reward training',
  );
  return prompts;
}
