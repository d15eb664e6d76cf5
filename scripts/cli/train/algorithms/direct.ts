import type { z } from 'zod';
import type { TrainingData } from '#lib/formats/training-data/training-data';
import type { DirectResult } from '#lib/ml/trainers/direct-loop';
import { dpoConfig, trainDpo } from '#lib/ml/trainers/dpo';
import { pairsFromRankings } from '#lib/ml/trainers/dpo-pairs';
import { ktoConfig, trainKto } from '#lib/ml/trainers/kto';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import { stepsPerEpoch } from '#lib/ml/training/data-order';
import type { LabelledAnswer, PreferencePair } from '#lib/ml/training/examples';
import { labelledAnswers, preferencePairs, rankedPrompts } from '#lib/ml/training/tokenize-preferences';
import type { TextEncoder } from '#lib/ml/training/tokenize-text';
import { defineAlgorithm, type InputPaths, type Note, type PreparedRun, type PrepareInput } from '../algorithm';
import { commonShape } from '../common-config';
import { countParameters, createPolicy, dropWeights, encoderOf, type OpenedFolder, openFolder, probe, trainedFolders } from '../open-model';
import { type OpenedReference, openReference } from '../open-reference';
import { countSplits, notesOf, readData } from '../read-data';

const dpoSettings = dpoConfig.safeExtend(commonShape);
const ktoSettings = ktoConfig.safeExtend(commonShape);
type Settings = z.infer<typeof dpoSettings> | z.infer<typeof ktoSettings>;

const needsNothing = { needs: [], takes: ['validation', 'reference'], best: { metric: 'validation/loss', wanted: 'lowest' } } as const;

const next = (out: string, { model }: InputPaths) =>
  `plumbline evaluate policy --model ${out} --reference ${model} --reward REWARD --prompts PROMPTS.jsonl`;

interface Examples<Item> {
  readonly items: readonly Item[];
  readonly notes: readonly Note[];
}

interface Opened {
  readonly opened: OpenedFolder;
  readonly policy: ReturnType<typeof createPolicy>;
  readonly held: OpenedReference;
}

/** What DPO and KTO have in common: a policy, a reference, and examples that are there before. */
async function prepareDirect<Config extends Settings, Item extends PreferencePair | LabelledAnswer>(
  { config, engine, paths }: PrepareInput<Config>,
  how: {
    readonly what: string;
    readonly examples: (data: TrainingData, encoder: TextEncoder) => Examples<Item>;
    /** What a batch counts. */
    readonly batchItems: (items: readonly Item[]) => number;
    readonly train: (
      models: Opened,
      items: readonly Item[],
      from: { signal: AbortSignal; state?: CheckpointData },
    ) => AsyncGenerator<StepMetrics, DirectResult>;
  },
): Promise<PreparedRun> {
  const opened = await openFolder(paths.model);
  const data = await readData(paths, config.split);
  const { items, notes } = how.examples(data, encoderOf(opened, config));
  const policy = createPolicy(engine, opened, config);
  const held = await openReference(engine, opened, policy, paths.reference);
  dropWeights(opened);
  const train = items.filter(({ split }) => split === 'TRAIN');
  return {
    counts: countSplits(items, how.what),
    notes,
    totalSteps: config.epochs * stepsPerEpoch(how.batchItems(train), config.batchSize),
    parameters: countParameters([policy], held.frozen),
    probe: () => probe(engine, policy, items[0]?.prompt ?? [opened.tokenizer.bosId]),
    train: ({ signal, state }) => how.train({ opened, policy, held }, items, { signal, ...(state ? { state } : {}) }),
    outputs: () => trainedFolders(opened, policy, 'POLICY'),
    summary: (result) => ({ ...(result as DirectResult) }),
    dispose() {
      held.reference.dispose();
      for (const model of [policy, ...held.frozen]) model.dispose();
    },
  };
}

/** Pairs as they are given, or those of rankings. */
function pairsOf(data: TrainingData, encoder: TextEncoder): Examples<PreferencePair> {
  if (data.form !== 'rankings') {
    const { items, notes } = preferencePairs(data, encoder);
    return { items, notes: notesOf(notes) };
  }
  const ranked = rankedPrompts(data, encoder);
  const { leftOut, pairs } = pairsFromRankings(ranked.items);
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))].map((reason) => {
    const found = leftOut.filter((each) => each.reason === reason);
    const count = found.reduce((sum, each) => sum + each.count, 0);
    return { text: `${count} rankings or pairs of them: ${reason}; left out`, examples: found.slice(0, 5).map(({ promptId }) => promptId) };
  });
  return { items: pairs, notes: [...notesOf(ranked.notes), ...reasons] };
}

function labelsOf(data: TrainingData, encoder: TextEncoder): Examples<LabelledAnswer> {
  const { items, notes } = labelledAnswers(data, encoder);
  return { items, notes: notesOf(notes) };
}

export const dpo = defineAlgorithm({
  name: 'dpo',
  about: 'policy by direct preference optimisation',
  config: dpoSettings,
  ...needsNothing,
  example: 'plumbline train dpo --model sft --data pairs.jsonl --out policy --set learningRate=1e-5 lora.rank=8',
  next,
  prepare: (input) =>
    prepareDirect(input, {
      what: 'pairs',
      examples: pairsOf,
      batchItems: (items) => (input.config.batchBy === 'prompt' ? new Set(items.map(({ promptId }) => promptId)).size : items.length),
      train: ({ held, opened, policy }, data, from) =>
        trainDpo({
          ...{ engine: input.engine, policy, reference: held.reference, startsAtReference: held.same },
          ...{ tokenizer: opened.tokenizer, data, config: input.config, ...from },
        }),
    }),
});

export const kto = defineAlgorithm({
  name: 'kto',
  about: 'policy by Kahneman-Tversky optimisation, from single answers that are good or bad',
  config: ktoSettings,
  ...needsNothing,
  example: 'plumbline train kto --model sft --data labels.jsonl --out policy --config kto.yaml',
  next,
  prepare: (input) =>
    prepareDirect(input, {
      what: 'labelled answers',
      examples: labelsOf,
      batchItems: (items) => items.length,
      train: ({ held, opened, policy }, data, from) =>
        trainKto({
          ...{ engine: input.engine, policy, reference: held.reference, startsAtReference: held.same },
          ...{ tokenizer: opened.tokenizer, data, config: input.config, ...from },
        }),
    }),
});
