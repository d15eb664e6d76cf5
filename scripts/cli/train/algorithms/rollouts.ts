import type { z } from 'zod';
import { AppError } from '#lib/errors';
import { createScalarModel, type LanguageModel, type ScalarModel } from '#lib/ml/nn/language-model';
import type { GroupResult } from '#lib/ml/trainers/group-loop';
import { grpoConfig, trainGrpo } from '#lib/ml/trainers/grpo';
import { type PpoResult, trainPpo } from '#lib/ml/trainers/ppo';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { rlooConfig, trainRloo } from '#lib/ml/trainers/rloo';
import type { SftExample } from '#lib/ml/training/examples';
import { sftExamples, type TokenizedPrompts, trainingPrompts } from '#lib/ml/training/tokenize-examples';
import { defineAlgorithm, type InputPaths, type Note, type PreparedRun, type PrepareInput } from '../algorithm';
import { rewardShape, rolloutShape } from '../common-config';
import {
  adapt,
  countParameters,
  createPolicy,
  dropWeights,
  encoderOf,
  type OpenedFolder,
  openFolder,
  probe,
  requireSameTokenizer,
  trainedFolders,
} from '../open-model';
import { type OpenedReference, openReference } from '../open-reference';
import { type OpenedScorer, openScorer, requireReward } from '../open-scorer';
import { countSplits, notesOf, readData, readWholeFile } from '../read-data';

const ppoSettings = ppoConfig.safeExtend({ ...rolloutShape, ...rewardShape });
const rlooSettings = rlooConfig.safeExtend({ ...rolloutShape, ...rewardShape });
const grpoSettings = grpoConfig.safeExtend({ ...rolloutShape, ...rewardShape });
type PpoSettings = z.infer<typeof ppoSettings>;
type Settings = PpoSettings | z.infer<typeof rlooSettings> | z.infer<typeof grpoSettings>;

/** What all that write their own answers have in common. */
interface Opened {
  readonly opened: OpenedFolder;
  readonly prompts: TokenizedPrompts;
  readonly policy: LanguageModel;
  readonly held: OpenedReference;
  readonly scorer: OpenedScorer;
  readonly frozen: readonly (LanguageModel | ScalarModel)[];
}

async function openAll({ config, engine, paths }: PrepareInput<Settings>): Promise<Opened> {
  const spec = requireReward(config.reward, paths.reward);
  const opened = await openFolder(paths.model);
  const data = await readData(paths, config.split);
  const prompts = trainingPrompts(data, encoderOf(opened, config), { maxNewTokens: config.maxNewTokens });
  const scorer = await openScorer(engine, spec, { policy: opened, expected: prompts.expected });
  const policy = createPolicy(engine, opened, config);
  const held = await openReference(engine, opened, policy, paths.reference);
  return { opened, prompts, policy, held, scorer, frozen: [...held.frozen, ...scorer.models] };
}

/** What every one of their trainers takes. */
function given({ frozen, held, opened, policy, prompts, scorer }: Opened, { config, engine }: PrepareInput<Settings>) {
  const of = (split: string) => prompts.items.filter((prompt) => prompt.split === split);
  const validation = of('VALIDATION').slice(0, config.samplePrompts);
  return {
    ...{ engine, policy, reference: held.reference, startsAtReference: held.same, reward: scorer.score },
    ...{ prompts: of('TRAIN'), tokenizer: opened.tokenizer, stopIds: opened.files.config.stopTokenIds },
    otherModelsBytes: 4 * countParameters([], frozen).frozen,
    ...(validation.length > 0 ? { samplePrompts: validation } : {}),
  };
}

/** All but what is trained and written. */
function prepared(all: Opened, { config, engine }: PrepareInput<Settings>, trained: readonly (LanguageModel | ScalarModel)[]) {
  const { frozen, held, opened, policy, prompts, scorer } = all;
  return {
    counts: countSplits(prompts.items, 'prompts'),
    notes: notesOf(prompts.notes),
    totalSteps: prompts.items.some(({ split }) => split === 'TRAIN') ? config.steps : 0,
    parameters: countParameters(trained, frozen),
    probe: () => probe(engine, policy, prompts.items[0]?.tokens ?? [opened.tokenizer.bosId]),
    dispose() {
      held.reference.dispose();
      scorer.dispose();
      for (const model of [...trained, ...held.frozen]) model.dispose();
    },
  };
}

/** Its own folder, else the reward model (Ouyang et al. 2022, appendix C), else the policy with a new head. */
async function openValue({ config, engine, paths }: PrepareInput<PpoSettings>, { opened, scorer }: Opened) {
  const named = paths.value === undefined ? undefined : await openFolder(paths.value);
  if (named) requireSameTokenizer(opened, named, 'value');
  const from = named ?? scorer.folders[0] ?? opened;
  const model = createScalarModel(engine, from.files, { headSeed: config.seed });
  adapt(model, config.lora, config.seed);
  return { from, model };
}

async function readPretraining(
  { config, paths }: PrepareInput<PpoSettings>,
  { opened }: Opened,
): Promise<{ readonly items: readonly SftExample[]; readonly notes: readonly Note[] }> {
  if ((config.ptx === null) !== (paths.pretraining === undefined)) {
    throw new AppError('BAD_INPUT', 'The setting ptx and --pretraining go together: the weight of the mix, and its texts.', {
      details: { key: 'ptx' },
    });
  }
  if (paths.pretraining === undefined) return { items: [], notes: [] };
  const { items, notes } = sftExamples(await readWholeFile(paths.pretraining), encoderOf(opened, config));
  return { items, notes: notesOf(notes) };
}

async function preparePpo(input: PrepareInput<PpoSettings>): Promise<PreparedRun> {
  const all = await openAll(input);
  const { opened, policy } = all;
  const value = await openValue(input, all);
  const texts = await readPretraining(input, all);
  dropWeights(opened, value.from, ...all.scorer.folders);
  const shared = prepared(all, input, [policy, value.model]);
  return {
    ...shared,
    counts: { ...shared.counts, ...(texts.items.length > 0 ? { 'texts of the mix': texts.items.length } : {}) },
    notes: [...shared.notes, ...texts.notes],
    train: ({ signal, state }) =>
      trainPpo({
        ...given(all, input),
        ...{ value: value.model, config: input.config, signal },
        ...(texts.items.length > 0 ? { pretraining: texts.items } : {}),
        ...(state ? { state } : {}),
      }),
    outputs(result) {
      const { averaged } = result as PpoResult;
      const last = (name: string) => trainedFolders(opened, policy, 'POLICY', { name });
      const policies =
        averaged === null ? last('') : [...trainedFolders(opened, policy, 'POLICY', { weights: averaged }).slice(0, 1), ...last('last')];
      return [...policies, ...trainedFolders(value.from, value.model, 'VALUE', { name: 'value' })];
    },
    summary(result) {
      const { averaged: _, ...figures } = result as PpoResult;
      return figures;
    },
  };
}

async function prepareGroups<Config extends Exclude<Settings, PpoSettings>>(
  input: PrepareInput<Config>,
  train: (options: ReturnType<typeof given>, from: Parameters<PreparedRun['train']>[0]) => ReturnType<PreparedRun['train']>,
): Promise<PreparedRun> {
  const all = await openAll(input);
  dropWeights(all.opened, ...all.scorer.folders);
  return {
    ...prepared(all, input, [all.policy]),
    train: (from) => train(given(all, input), from),
    outputs: () => trainedFolders(all.opened, all.policy, 'POLICY'),
    summary: (result) => ({ ...(result as GroupResult) }),
  };
}

const common = {
  needs: [],
  best: { metric: 'reward/mean', wanted: 'highest' },
  next(out: string, { data, model, reference = model, reward }: InputPaths, config: { readonly reward?: unknown }) {
    const judge = reward === undefined ? `--reward-spec '${JSON.stringify(config.reward)}'` : `--reward ${reward}`;
    return `plumbline evaluate policy --model ${out} --reference ${reference} ${judge} --prompts ${data}`;
  },
} as const;

export const ppo = defineAlgorithm({
  ...common,
  name: 'ppo',
  about: 'policy by proximal policy optimisation towards a reward, held to the reference',
  config: ppoSettings,
  takes: ['validation', 'reward', 'reference', 'value', 'pretraining'],
  example: 'plumbline train ppo --model sft --reward reward --data prompts.jsonl --out policy --config ppo.yaml',
  prepare: preparePpo,
});

export const rloo = defineAlgorithm({
  ...common,
  name: 'rloo',
  about: 'policy by REINFORCE with a leave-one-out baseline',
  config: rlooSettings,
  takes: ['validation', 'reward', 'reference'],
  example: 'plumbline train rloo --model sft --reward reward --data prompts.jsonl --out policy --set steps=100 samplesPerPrompt=4',
  prepare: (input) =>
    prepareGroups(input, (options, { signal, state }) =>
      trainRloo({ ...options, config: input.config, signal, ...(state ? { state } : {}) }),
    ),
});

export const grpo = defineAlgorithm({
  ...common,
  name: 'grpo',
  about: 'policy by group-relative policy optimisation',
  config: grpoSettings,
  takes: ['validation', 'reward', 'reference'],
  example: `plumbline train grpo --model sft --data gsm8k.jsonl --out policy --set 'reward={"rule":"answer","compare":"number"}'`,
  prepare: (input) =>
    prepareGroups(input, (options, { signal, state }) =>
      trainGrpo({ ...options, config: input.config, signal, ...(state ? { state } : {}) }),
    ),
});
