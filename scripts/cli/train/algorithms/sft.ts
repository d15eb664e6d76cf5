import type { z } from 'zod';
import { AppError } from '#lib/errors';
import { type SftResult, trainSft } from '#lib/ml/trainers/sft';
import { planSft } from '#lib/ml/trainers/sft-batches';
import { sftConfig } from '#lib/ml/trainers/sft-config';
import { sftExamples } from '#lib/ml/training/tokenize-examples';
import { tokenizeConfig } from '#lib/ml/training/tokenize-text';
import { defineAlgorithm, type PreparedRun, type PrepareInput } from '../algorithm';
import { commonShape, rewardShape } from '../common-config';
import { countParameters, createPolicy, dropWeights, encoderOf, openFolder, probe, trainedFolders } from '../open-model';
import { openScorer, requireReward } from '../open-scorer';
import { countSplits, notesOf, readData } from '../read-data';

const settings = sftConfig.safeExtend({ ...commonShape, ...rewardShape, mask: tokenizeConfig.shape.mask });
type Settings = z.infer<typeof settings>;

async function prepare({ config, engine, paths }: PrepareInput<Settings>): Promise<PreparedRun> {
  const opened = await openFolder(paths.model);
  const judged = config.reward !== null || paths.reward !== undefined;
  if (config.keep === 'reward' && !judged) {
    throw new AppError('BAD_INPUT', 'The setting keep is "reward", but nothing says what answers are worth.', {
      details: { key: 'keep' },
      remedy: 'Give --reward or the setting "reward", or set keep to "loss" or "last".',
    });
  }
  const { items, notes } = sftExamples(await readData(paths, config.split), encoderOf(opened, config));
  const train = items.filter(({ split }) => split === 'TRAIN');
  const scorer = judged ? await openScorer(engine, requireReward(config.reward, paths.reward), { policy: opened }) : undefined;
  const policy = createPolicy(engine, opened, config);
  dropWeights(opened, ...(scorer?.folders ?? []));
  return {
    counts: countSplits(items, 'examples'),
    notes: notesOf(notes),
    totalSteps: train.length === 0 ? 0 : planSft(train, config).totalSteps,
    parameters: countParameters([policy], scorer?.models),
    probe: () => probe(engine, policy, items[0]?.text.prefix.tokens ?? [opened.tokenizer.bosId]),
    train: ({ signal, state }) =>
      trainSft({
        ...{ engine, model: policy, tokenizer: opened.tokenizer, data: items, config, signal },
        ...(state ? { state } : {}),
        ...(scorer ? { reward: scorer.score } : {}),
      }),
    outputs: () => trainedFolders(opened, policy, 'POLICY'),
    summary: (result) => ({ ...(result as SftResult) }),
    dispose() {
      policy.dispose();
      scorer?.dispose();
    },
  };
}

export const sft = defineAlgorithm({
  name: 'sft',
  about: 'policy by supervised fine-tuning: it learns to write the given answers',
  config: settings,
  needs: [],
  takes: ['validation', 'reward'],
  best: { metric: 'validation/loss', wanted: 'lowest' },
  example: 'plumbline train sft --model base --data conversations.jsonl --out sft --set epochs=3 learningRate=2e-5',
  next: (out) => `plumbline generate --model ${out} --prompts PROMPTS.jsonl --out answers.jsonl`,
  prepare,
});
