import type { Engine } from '#lib/ml/engine/engine';
import type { ModelFiles } from '#lib/ml/models/hugging-face';
import { createLanguageModel, createScalarModel } from '#lib/ml/nn/language-model';
import { type PpoOptions, type PpoResult, trainPpo } from '#lib/ml/trainers/ppo';
import { type PpoConfig, ppoConfig } from '#lib/ml/trainers/ppo-config';
import type { StepMetrics } from '#lib/ml/trainers/trainer';
import type { RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import { referenceModel } from '#lib/ml/training/reference';
import { numberTokenizer, tinyFiles } from './tiny-model';

/** Prompts of three tokens, and a rule that likes the token 7: enough for PPO to have something to learn. */
export const prompts: readonly TrainingPrompt[] = Array.from({ length: 10 }, (_, index) => ({
  promptId: `p${index}`,
  tokens: [1, 3 + (index % 9), 3 + ((index * 5) % 9)],
}));

export const sevens: RewardScorer = (answers) => ({
  total: answers.map(({ response }) => (2 * response.filter((token) => token === 7).length) / response.length - 0.5),
});

export const base: PpoConfig = ppoConfig.parse({
  seed: 2,
  steps: 12,
  rolloutBatchSize: 32,
  minibatchSize: 16,
  innerEpochs: 2,
  maxNewTokens: 6,
  policyLearningRate: 0.01,
  valueLearningRate: 0.01,
  klCoefficient: 0.05,
  samplePrompts: 2,
  evaluateEvery: 6,
  checkpointEvery: 3,
  targetInnerKl: null,
});

/** Policy and reference of the same weights, a value model with a head of its own. */
export function models(engine: Engine, files: ModelFiles = tinyFiles(1)) {
  const policy = createLanguageModel(engine, files);
  const held = createLanguageModel(engine, files);
  const reference = referenceModel(held);
  const value = createScalarModel(engine, files, { headSeed: 3 });
  return { policy, reference, held, value, dispose: () => [reference, policy, held, value].map((model) => model.dispose()) };
}
export type Models = ReturnType<typeof models>;

/** Drives a training to its end, or to `stopAfter`. The models stay the caller's. */
export async function drive(
  engine: Engine,
  used: Pick<PpoOptions, 'policy' | 'reference' | 'value'>,
  config: PpoConfig,
  options: Partial<Omit<PpoOptions, 'engine' | 'config'>> & { readonly stopAfter?: number } = {},
): Promise<{ rows: StepMetrics[]; result: PpoResult | undefined }> {
  const { stopAfter, ...given } = options;
  const { policy, reference, value } = used;
  const training = trainPpo({
    engine,
    policy,
    reference,
    value,
    reward: sevens,
    prompts,
    tokenizer: numberTokenizer,
    config,
    signal: new AbortController().signal,
    ...given,
  });
  const rows: StepMetrics[] = [];
  for (;;) {
    const next = await training.next();
    if (next.done) return { rows, result: next.value };
    rows.push(next.value);
    if (next.value.step === stopAfter) {
      await training.return(undefined as never);
      return { rows, result: undefined };
    }
  }
}

export const withoutTimes = (rows: readonly StepMetrics[]) =>
  rows.map((row) => ({ ...row, metrics: Object.fromEntries(Object.entries(row.metrics).filter(([name]) => !name.startsWith('time/'))) }));
