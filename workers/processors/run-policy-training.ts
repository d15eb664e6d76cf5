import { requireSplit } from '#lib/domain/prompt-draw';
import { messagesSchema, promptText } from '#lib/domain/prompts';
import type { RunSpecOf } from '#lib/domain/runs';
import { AppError } from '#lib/errors';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainPpo } from '#lib/ml/trainers/ppo';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { referenceModel } from '#lib/ml/training/reference';
import { trainPrompts } from '#lib/services/loops/stage-spec';
import { checkDisk, trainingBytes } from './check-disk';
import { followTrainer } from './follow-trainer';
import { loadModel } from './load-model';
import { parseTrainerConfig } from './parse-trainer-config';
import type { Outcome, RunContext } from './run-context';
import { countParameters } from './run-reward-training';
import { storeModel } from './store-model';
import { loadCheckpoint } from './training-checkpoints';

/** POLICY_TRAINING: PPO from the round's first policy towards the reward, held to the SFT policy; on prompts of the training split only. */
export async function runPolicyTraining(context: RunContext<RunSpecOf<'POLICY_TRAINING'>>): Promise<Outcome> {
  const { deps, run, spec, engine, signal } = context;
  const config = parseTrainerConfig(ppoConfig, spec.config.trainer, run.seed, 'policy');
  const base = await loadModel(deps, spec.inputs.initPolicyId);
  const sft = await loadModel(deps, spec.inputs.referenceId);
  const rewardModel = await loadModel(deps, spec.inputs.rewardModelId);
  if (!rewardModel.normalisation) {
    throw new AppError('INVARIANT', `The reward model "${rewardModel.name}" has no normalisation on its card.`, {
      details: { check: 'reward-normalisation', modelId: rewardModel.id },
      remedy: 'Train the reward model again.',
    });
  }
  const tokenizer = loadTokenizer(base.files.tokenizerJson, base.name, base.files.config);
  const rows = await deps.db.prompt.findMany({
    where: trainPrompts(spec.inputs.datasetId),
    orderBy: { ordinal: 'asc' },
    select: { id: true, split: true, messages: true },
  });
  requireSplit(rows, ['TRAIN'], 'policy training');
  const prompts = rows.map((row) => ({
    promptId: row.id,
    tokens: tokenizer.encode(promptText(messagesSchema.parse(row.messages)), { bos: true }),
  }));
  await checkDisk(deps, trainingBytes([countParameters(base.files.weights), countParameters(rewardModel.files.weights)]));
  const state = await loadCheckpoint(context);
  const policy = createLanguageModel(engine, base.files);
  const reference = createLanguageModel(engine, sft.files);
  const held = referenceModel(reference);
  const reward = createScalarModel(engine, rewardModel.files, { headSeed: run.seed });
  // The value model starts as the reward model (Ouyang et al. 2022, appendix C).
  const value = createScalarModel(engine, rewardModel.files, { headSeed: run.seed });
  try {
    const score = createRewardScorer({ engine, model: reward, normalisation: rewardModel.normalisation, batchSize: config.scoreBatchSize });
    const trainer = trainPpo({
      engine,
      policy,
      reference: held,
      value,
      reward: (answers) => ({ total: score(answers) }),
      prompts,
      startsAtReference: base.id === sft.id,
      otherModelsBytes: 4 * (countParameters(sft.files.weights) + countParameters(rewardModel.files.weights)),
      tokenizer,
      stopIds: base.files.config.stopTokenIds,
      config,
      signal,
      ...(state ? { state } : {}),
    });
    const trained = await followTrainer(context, trainer);
    const last = await deps.db.runMetric.findFirst({ where: { runId: run.id }, orderBy: { step: 'desc' }, select: { values: true } });
    const { averaged, ...figures } = trained;
    const card = { ...figures, config, initialisedFrom: base.id, reference: sft.id, scoredBy: rewardModel.id };
    const produced = await storeModel(deps, base.files, 'POLICY', averaged ?? policy.exportWeights(), card);
    return {
      result: {
        kind: 'POLICY_TRAINING',
        kl: trained.kl,
        reward: readNumber(last?.values, 'reward/score'),
        steps: trained.steps,
        details: { klCoefficient: trained.klCoefficient },
      },
      model: produced,
    };
  } finally {
    for (const model of [held, policy, reference, reward, value]) model.dispose();
  }
}

function readNumber(values: unknown, name: string): number | null {
  if (typeof values !== 'object' || values === null || !(name in values)) return null;
  const value = (values as Record<string, unknown>)[name];
  return typeof value === 'number' ? value : null;
}
