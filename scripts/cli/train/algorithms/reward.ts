import { z } from 'zod';
import type { TensorData } from '#lib/formats/safetensors';
import { createScalarModel, type ScalarModel } from '#lib/ml/nn/language-model';
import { type RewardResult, trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { rewardExamples } from '#lib/ml/trainers/reward-data';
import { type EnsembleResult, trainRewardEnsemble, trainSharedEnsemble } from '#lib/ml/trainers/reward-ensemble';
import { createHeads, memberSeed, memberWeights } from '#lib/ml/trainers/reward-heads';
import { stepsPerEpoch } from '#lib/ml/training/data-order';
import { rankedPrompts } from '#lib/ml/training/tokenize-preferences';
import { defineAlgorithm, type PreparedRun, type PrepareInput } from '../algorithm';
import { commonShape } from '../common-config';
import {
  adapt,
  countParameters,
  dropWeights,
  encoderOf,
  jsonFile,
  type OpenedFolder,
  type OutputFolder,
  openFolder,
  probe,
  trainedFolders,
} from '../open-model';
import { rewardFileName } from '../open-reward';
import { countSplits, notesOf, readData } from '../read-data';

const settings = rewardConfig.safeExtend({
  ...commonShape,
  /** Models of an ensemble, each with a seed of its own (Coste et al. 2310.02743: 4 or 5); 1 = a single one. */
  members: z.int().min(1).max(32).default(1),
  /** The members are heads on one trunk, which costs what one model costs; else each is a model of its own, which disagree more. */
  sharedTrunk: z.boolean().default(false),
});
type Settings = z.infer<typeof settings>;

function createMembers({ config, engine }: PrepareInput<Settings>, opened: OpenedFolder): ScalarModel[] {
  return Array.from({ length: config.sharedTrunk ? 1 : config.members }, (_, index) => {
    const seed = memberSeed(config.seed, index);
    const model = createScalarModel(engine, opened.files, { headSeed: seed });
    adapt(model, config.lora, seed);
    return model;
  });
}

async function prepare(input: PrepareInput<Settings>): Promise<PreparedRun> {
  const { config, engine, paths } = input;
  const opened = await openFolder(paths.model);
  const data = await readData(paths, config.split);
  const { items, notes } = rankedPrompts(data, encoderOf(opened, config));
  const { examples } = rewardExamples(items, config, opened.files.config.contextLength);
  const models = createMembers(input, opened);
  dropWeights(opened);
  const [first] = models as [ScalarModel, ...ScalarModel[]];
  // of an ensemble on one trunk, beside the model's own head
  const heads = config.sharedTrunk && config.members > 1 ? createHeads(first, config.seed, config.members) : undefined;
  const common = { engine, tokenizer: opened.tokenizer, data: items, config };
  const trainedTogether = config.sharedTrunk ? 1 : config.members;
  return {
    counts: countSplits(items, 'rankings'),
    notes: notesOf(notes),
    totalSteps: trainedTogether * config.epochs * stepsPerEpoch(examples.TRAIN.length, config.batchSize),
    parameters: countParameters(models),
    probe: () => probe(engine, first, items[0]?.prompt ?? [opened.tokenizer.bosId]),
    train: ({ signal, state }) => {
      const from = { ...common, signal, ...(state ? { state } : {}) };
      if (heads) return trainSharedEnsemble({ ...from, model: first, heads });
      return models.length === 1 ? trainReward({ ...from, model: first }) : trainRewardEnsemble({ ...from, models });
    },
    outputs: (result) => {
      if (config.members === 1) return single(opened, first, result as RewardResult);
      const weights = heads && Array.from({ length: config.members }, (_, index) => memberWeights(first, heads, index));
      const members = weights
        ? weights.map((own, index) => memberFolders(opened, first, index, result as EnsembleResult, own).slice(0, 1))
        : models.map((model, index) => memberFolders(opened, model, index, result as EnsembleResult, model.exportWeights()));
      return ensemble(members.flat(), result as EnsembleResult);
    },
    summary: (result) => summary(result as RewardResult | EnsembleResult),
    dispose() {
      for (const head of heads?.values() ?? []) head.dispose();
      for (const model of models) model.dispose();
    },
  };
}

function single(opened: OpenedFolder, model: ScalarModel, { normalisation, notes, temperature, terms }: RewardResult) {
  const file = jsonFile(rewardFileName, { normalisation, temperature, terms, notes, members: null });
  return trainedFolders(opened, model, 'REWARD', { extra: [file] });
}

const memberName = (index: number) => `member-${index + 1}`;

function memberFolders(
  opened: OpenedFolder,
  model: ScalarModel,
  index: number,
  { members }: EnsembleResult,
  weights: Readonly<Record<string, TensorData>>,
): OutputFolder[] {
  const file = jsonFile(rewardFileName, { ...members[index], members: null });
  return trainedFolders(opened, model, 'REWARD', { name: memberName(index), weights, extra: [file] });
}

function ensemble(folders: readonly OutputFolder[], { members, notes, spread }: EnsembleResult): OutputFolder[] {
  const names = members.map((_, index) => memberName(index));
  return [...folders, { name: '', files: [jsonFile(rewardFileName, { members: names, spread, notes })] }];
}

function summary(result: RewardResult | EnsembleResult): Record<string, unknown> {
  const { test, validation } = result;
  const figures = (name: string, report: typeof validation) =>
    report === null
      ? {}
      : {
          [`${name}Accuracy`]: report.accuracy.defined ? report.accuracy.value : null,
          [`${name}LengthBaseline`]: report.lengthBaseline.defined ? report.lengthBaseline.value : null,
          [`${name}Loss`]: report.loss,
        };
  const own = 'members' in result ? { members: result.members, spread: result.spread } : { bestEpoch: result.bestEpoch };
  return { steps: result.steps, ...own, ...figures('validation', validation), ...figures('test', test) };
}

export const reward = defineAlgorithm({
  name: 'reward',
  about: 'reward model from rankings or pairs',
  config: settings,
  needs: [],
  takes: ['validation'],
  best: { metric: 'validation/calibratedLoss', wanted: 'lowest' },
  example: 'plumbline train reward --model sft --data rankings.jsonl --out reward --set epochs=4 learningRate=1e-4',
  next: (out, { data }) => `plumbline evaluate reward --model ${out} --data ${data}`,
  prepare,
});
