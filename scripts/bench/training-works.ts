import type { Engine } from '#lib/ml/engine/engine';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import type { ModelWeights } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { dpoConfig, trainDpo } from '#lib/ml/trainers/dpo';
import { trainPpo } from '#lib/ml/trainers/ppo';
import { ppoConfig } from '#lib/ml/trainers/ppo-config';
import { trainReward } from '#lib/ml/trainers/reward';
import { rewardConfig } from '#lib/ml/trainers/reward-config';
import { trainSft } from '#lib/ml/trainers/sft';
import { sftConfig } from '#lib/ml/trainers/sft-config';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import { referenceModel } from '#lib/ml/training/reference';
import type { TrainingCase } from './training-cases';

interface WorkOptions {
  readonly engine: Engine;
  readonly files: ModelWeights;
  readonly updates: number;
  /** Random tokens, no special ones. */
  readonly words: (count: number) => number[];
}

interface Work {
  readonly rows: AsyncGenerator<StepMetrics, unknown>;
  /** What one update works on. */
  readonly units: number;
}

const [bos, eos] = [1, 2];
const batch = 8;
const signal = new AbortController().signal;
/** AdamW as the other side has it by default; nothing but updates between the first and the last. */
const common = {
  seed: 1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradientNorm: 1,
  learningRate: 1e-5,
  schedule: { kind: 'constant' },
  checkpointEvery: 1_000_000,
  samplePrompts: 0,
};

/** No text is shown: sample tables are off. */
const tokenizer: Tokenizer = {
  vocabularySize: 0,
  bosId: bos,
  eosId: eos,
  padId: 0,
  encode: () => [],
  encodeWithOffsets: () => ({ ids: [], offsets: [] }),
  decode: () => '',
  pieceOf: () => undefined,
};

/** Every token after the first is learnt, as the other side does it. */
function sft({ engine, files, updates, words }: WorkOptions): Work {
  const data = Array.from({ length: batch * updates }, (_, index) => ({
    exampleId: `${index}`,
    split: 'TRAIN' as const,
    task: 'text',
    text: { prefix: { tokens: [...words(127), eos] } },
  }));
  const model = createLanguageModel(engine, files);
  const config = sftConfig.parse({ ...common, epochs: 1, batchSize: batch });
  return { rows: trainSft({ engine, model, tokenizer, data, config, signal }), units: batch * 128 };
}

/** Rankings of `answers` answers, each with its end token. */
function reward(options: WorkOptions, shape: { readonly prompt: number; readonly answer: number; readonly answers: number }): Work {
  const { engine, files, updates, words } = options;
  const data = Array.from({ length: batch * updates }, (_, index) => ({
    promptId: `p${index}`,
    split: 'TRAIN' as const,
    prompt: [bos, ...words(shape.prompt - 1)],
    responses: Array.from({ length: shape.answers }, (_, answer) => ({
      responseId: `r${index}.${answer}`,
      tokens: [...words(shape.answer - 1), eos],
    })),
    rankings: [{ annotatorId: null, ranks: Array.from({ length: shape.answers }, (_, answer) => answer + 1) }],
  }));
  const model = createScalarModel(engine, files, { headSeed: 1 });
  const config = rewardConfig.parse({ ...common, epochs: 1, batchSize: batch, centering: 0 });
  return { rows: trainReward({ engine, model, tokenizer, data, config, signal }), units: batch };
}

function dpo({ engine, files, updates, words }: WorkOptions): Work {
  const answer = () => [...words(63), eos];
  const data = Array.from({ length: batch * updates }, (_, index) => ({
    pairId: `${index}`,
    promptId: `p${index}`,
    split: 'TRAIN' as const,
    prompt: [bos, ...words(63)],
    chosen: answer(),
    rejected: answer(),
    weight: 1,
    margin: null,
  }));
  const policy = createLanguageModel(engine, files);
  const reference = referenceModel(createLanguageModel(engine, files));
  const config = dpoConfig.parse({ ...common, epochs: 1, batchSize: batch });
  return { rows: trainDpo({ engine, policy, reference, tokenizer, data, config, signal }), units: batch };
}

function ppo({ engine, files, updates, words }: WorkOptions): Work {
  const { learningRate, ...others } = common;
  const scoring = createScalarModel(engine, files, { headSeed: 2 });
  const score = createRewardScorer({ engine, model: scoring, normalisation: { mean: 0, std: 1 } });
  const config = ppoConfig.parse({
    ...others,
    policyLearningRate: learningRate,
    valueLearningRate: learningRate,
    steps: updates,
    rolloutBatchSize: 32,
    minibatchSize: 8,
    innerEpochs: 4,
    maxNewTokens: 64,
    klCoefficient: 0.05,
    targetInnerKl: null,
    evaluateEvery: 1_000_000,
  });
  const rows = trainPpo({
    engine,
    policy: createLanguageModel(engine, files),
    value: createScalarModel(engine, files, { headSeed: 1 }),
    reference: referenceModel(createLanguageModel(engine, files)),
    reward: (answers) => ({ total: score(answers) }),
    prompts: Array.from({ length: 32 * 4 }, (_, index) => ({ promptId: `p${index}`, tokens: [bos, ...words(63)] })),
    tokenizer,
    // Nothing ends: every answer has all its tokens.
    stopIds: [],
    config,
    signal,
  });
  return { rows, units: 1 };
}

export const trainingWorks: Readonly<Record<TrainingCase['work'], (options: WorkOptions) => Work>> = {
  sft,
  reward: (options) => reward(options, { prompt: 1, answer: 127, answers: 2 }),
  rankings: (options) => reward(options, { prompt: 64, answer: 64, answers: 4 }),
  dpo,
  ppo,
};
