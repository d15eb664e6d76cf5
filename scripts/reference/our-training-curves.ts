import type { Engine } from '#lib/ml/engine/engine';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { dpoConfig, trainDpo } from '#lib/ml/trainers/dpo';
import { trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { trainSft } from '#lib/ml/trainers/sft';
import { sftConfig } from '#lib/ml/trainers/sft-config';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { batchOf } from '#lib/ml/training/data-order';
import { referenceModel } from '#lib/ml/training/reference';
import type { ComparedPair, ComparedSettings, ComparedTrainer } from './training-cases';

const seed = 1;
const { signal } = new AbortController();

/** The pairs in the order in which our trainer takes them. */
export function inOurOrder(trainer: ComparedTrainer, pairs: readonly ComparedPair[], settings: ComparedSettings): ComparedPair[] {
  const { batchSize, steps } = settings;
  return Array.from({ length: steps }, (_, step) => batchOf(pairs, { seed, name: trainer, batchSize, step })).flat();
}

interface Compared {
  readonly engine: Engine;
  readonly files: ModelFiles;
  readonly pairs: readonly ComparedPair[];
  readonly settings: ComparedSettings;
}

async function losses(training: AsyncGenerator<StepMetrics, unknown>): Promise<number[]> {
  const all: number[] = [];
  for await (const { metrics } of training) if (metrics['train/loss'] !== undefined) all.push(metrics['train/loss']);
  return all;
}

function common(settings: ComparedSettings, trainer: ComparedTrainer) {
  const { batchSize, beta1, beta2, epsilon, maxGradientNorm } = settings;
  const learningRate = settings.learningRate[trainer];
  const adam = { beta1, beta2, epsilon, maxGradientNorm, weightDecay: 0, learningRate, schedule: { kind: 'constant' } };
  return { ...adam, seed, batchSize, epochs: 1, samplePrompts: 0 };
}

const tokenizerOf = ({ files }: Compared) => loadTokenizer(files.tokenizerJson, 'tokenizer.json', files.config);

/** Answers are learnt, prompts are read. */
async function sftCurve(compared: Compared): Promise<number[]> {
  const { engine, files, pairs, settings } = compared;
  const model = createLanguageModel(engine, files);
  const data = pairs.map(({ chosen, prompt }, index) => ({
    exampleId: `${index}`,
    split: 'TRAIN' as const,
    task: 'answer',
    text: { prefix: { tokens: [...prompt, ...chosen], weights: [...prompt.map(() => 0), ...chosen.map(() => 1)] } },
  }));
  const config = sftConfig.parse(common(settings, 'sft'));
  const curve = await losses(trainSft({ engine, model, tokenizer: tokenizerOf(compared), data, config, signal }));
  model.dispose();
  return curve;
}

/** Without centering: TRL squares the sum of the two scores of a pair, and has it off by default. */
async function rewardCurve(compared: Compared): Promise<number[]> {
  const { engine, files, pairs, settings } = compared;
  const model = createScalarModel(engine, files, { headSeed: settings.headSeed });
  const data = pairs.map(({ chosen, prompt, rejected }, index) => ({
    promptId: `${index}`,
    split: 'TRAIN' as const,
    prompt,
    responses: [
      { responseId: `${index}.chosen`, tokens: chosen },
      { responseId: `${index}.rejected`, tokens: rejected },
    ],
    rankings: [{ annotatorId: null, ranks: [1, 2] }],
  }));
  const config = rewardConfig.parse({ ...common(settings, 'reward'), centering: 0 });
  const curve = await losses(trainReward({ engine, model, tokenizer: tokenizerOf(compared), data, config, signal }));
  model.dispose();
  return curve;
}

async function dpoCurve(compared: Compared): Promise<number[]> {
  const { engine, files, pairs, settings } = compared;
  const policy = createLanguageModel(engine, files);
  const initial = createLanguageModel(engine, files);
  const reference = referenceModel(initial);
  const data = pairs.map(({ chosen, prompt, rejected }, index) => ({
    pairId: `${index}`,
    promptId: `${index}`,
    split: 'TRAIN' as const,
    prompt,
    chosen,
    rejected,
    weight: 1,
    margin: null,
  }));
  const config = dpoConfig.parse({ ...common(settings, 'dpo'), beta: settings.beta });
  const startsAtReference = true;
  const curve = await losses(
    trainDpo({ engine, policy, reference, startsAtReference, tokenizer: tokenizerOf(compared), data, config, signal }),
  );
  reference.dispose();
  for (const model of [policy, initial]) model.dispose();
  return curve;
}

const curves = { sft: sftCurve, reward: rewardCurve, dpo: dpoCurve } as const;

/** The loss of every update of our trainer, before that update. */
export function ourCurve(trainer: ComparedTrainer, compared: Compared): Promise<number[]> {
  return curves[trainer](compared);
}
