/**
 * The smallest world in which an alignment algorithm can be right or wrong: one prompt, answers of one token, a reward known for each. Whatever
 * maximises E[R] - beta KL(pi || reference) has one optimum, pi*(y) = reference(y) exp(R(y) / beta) / Z. With reference (.5, .3, .2), R (0, 1, 0),
 * beta 1: Z = 1.515485, pi* = (.329927, .538102, .131971), E[R] = .538102, KL = .122366, objective ln Z = .415735.
 */
import type { Engine } from '#lib/ml/engine/engine';
import type { LlamaConfig } from '#lib/ml/models/llama-config';
import { createLanguageModel, type LanguageModel } from '#lib/ml/nn/language-model';
import type { RewardScorer, TrainingPrompt } from '#lib/ml/training/examples';
import { tinyConfig, tinyFiles } from './tiny-model';

export const bandit = {
  reference: [0.5, 0.3, 0.2],
  rewards: [0, 1, 0],
  beta: 1,
  optimum: [0.329927, 0.538102, 0.131971],
  z: 1.515485,
  /** E[R], KL to the reference and their difference at the optimum. */
  expectedReward: 0.538102,
  kl: 0.122366,
  objective: 0.415735,
} as const;

/** The only prompt; its token is one of the three that exist. */
export const banditPrompt: TrainingPrompt = { promptId: 'only', tokens: [0] };

/** Nothing ends an answer: sample with `maxNewTokens` 1. */
export const banditConfig: LlamaConfig = { ...tinyConfig, vocabSize: 3, bosTokenId: 0, eosTokenId: 2, stopTokenIds: [], padTokenId: 0 };

/** A real model of three tokens that answers the prompt by `reference` to float precision: each row of its head is log p along the prompt's hidden state. */
export function banditModel(engine: Engine, seed = 1): LanguageModel {
  const files = tinyFiles(seed, banditConfig);
  const model = createLanguageModel(engine, files);
  const tensor = model.hidden(Int32Array.from(banditPrompt.tokens), 1, 1);
  const hidden = Float64Array.from(engine.read(tensor));
  engine.dispose(tensor);
  const square = hidden.reduce((sum, value) => sum + value * value, 0);
  const head = bandit.reference.flatMap((p) => Array.from(hidden, (value) => (Math.log(p) * value) / square));
  model.parameters.get('lm_head.weight')?.assign(Float32Array.from(head));
  return model;
}

/** What the model answers now, by token. */
export function banditProbabilities(engine: Engine, model: LanguageModel): number[] {
  const logits = model.logits(Int32Array.from(banditPrompt.tokens), 1, 1, Int32Array.of(0));
  const probabilities = engine.tidy(() => engine.softmax(logits));
  const values = Array.from(engine.read(probabilities));
  engine.dispose([logits, probabilities]);
  return values;
}

export const banditReward: RewardScorer = (answers) => ({
  total: answers.map(({ response }) => bandit.rewards[response[0] as number] as number),
});
