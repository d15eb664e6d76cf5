import { AppError } from '#lib/errors';
import type { Engine } from '#lib/ml/engine/engine';
import { createRewardScorer } from '#lib/ml/evaluation/reward-scorer';
import { AnswerText } from '#lib/ml/generation/answer-text';
import { type BeamSequence, beamSearch } from '#lib/ml/generation/beam-search';
import { bestOfN } from '#lib/ml/generation/best-of-n';
import { type GeneratedAnswer, type GenerateOptions, generate } from '#lib/ml/generation/generate';
import type { LanguageModel, ScalarModel } from '#lib/ml/nn/language-model';
import type { Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import type { GivenPrompt } from './read-prompts';

/** One line of the output. */
export interface AnswerLine {
  readonly id: string | number;
  readonly prompt: GivenPrompt['prompt'];
  readonly sample: number;
  readonly text: string;
  readonly tokens: readonly number[];
  /** Sum over the tokens, at the sampling temperature, before filters. */
  readonly logProb: number;
  readonly finishReason: string;
  /** Of beam search or of the reward model. */
  readonly score?: number;
}

export interface AnswerRequest {
  readonly engine: Engine;
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly prompts: readonly GivenPrompt[];
  readonly options: Omit<GenerateOptions, 'engine' | 'model' | 'prompts' | 'promptKeys'>;
  readonly beams?: { readonly beams: number; readonly lengthPenalty: number };
  /** Keeps the best of the samples. */
  readonly reward?: ScalarModel;
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

function lineOf(prompt: GivenPrompt, answer: GeneratedAnswer, score?: number): AnswerLine {
  return {
    id: prompt.id,
    prompt: prompt.prompt,
    sample: answer.sampleIndex,
    text: answer.text ?? '',
    tokens: answer.tokenIds,
    logProb: sum(answer.logProbs),
    finishReason: answer.finishReason,
    ...(score === undefined ? {} : { score }),
  };
}

function beamLine(request: AnswerRequest, prompt: GivenPrompt, sequence: BeamSequence, sample: number): AnswerLine {
  const { finishReason, logProb, score, tokenIds } = sequence;
  const text = new AnswerText(request.tokenizer, prompt.tokens);
  const written = finishReason === 'eos' ? tokenIds.slice(0, -1) : tokenIds;
  const pieces = written.map((token) => text.push(token)).join('') + text.end();
  return { id: prompt.id, prompt: prompt.prompt, sample, text: pieces, tokens: tokenIds, logProb, finishReason, score };
}

function promptAt(prompts: readonly GivenPrompt[], index: number): GivenPrompt {
  const prompt = prompts[index];
  if (!prompt) throw new AppError('INTERNAL', `There is no prompt ${index}.`);
  return prompt;
}

/** Lines in the order of the prompts and their samples. */
export async function* answerLines(request: AnswerRequest): AsyncGenerator<AnswerLine, void, void> {
  const { beams, engine, model, options, prompts, reward } = request;
  const tokens = prompts.map((prompt) => prompt.tokens);
  const promptKeys = prompts.map(({ id }) => id);
  if (beams) {
    const { batchSize, maxNewTokens, onProgress, samplesPerPrompt, signal, stopIds } = options;
    if (typeof maxNewTokens !== 'number') throw new AppError('INTERNAL', 'Beams have one limit.');
    const search = { engine, model, prompts: tokens, promptKeys, ...beams, batchSize, maxNewTokens, returned: samplesPerPrompt, stopIds };
    const found = beamSearch({
      ...search,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress: (now) => onProgress({ ...now, finished: now.finished * samplesPerPrompt, slots: 0 }) } : {}),
    });
    for await (const { promptIndex, sequences } of found) {
      yield* sequences.map((sequence, index) => beamLine(request, promptAt(prompts, promptIndex), sequence, index));
    }
    return;
  }
  const sampling: GenerateOptions = { ...options, engine, model, prompts: tokens, promptKeys };
  if (!reward) {
    for await (const answer of generate(sampling)) yield lineOf(promptAt(prompts, answer.promptIndex), answer);
    return;
  }
  const score = createRewardScorer({ engine, model: reward, normalisation: { mean: 0, std: 1 } });
  const ranked = bestOfN({
    ...sampling,
    score: (answers, prompt) => score(answers.map(({ tokenIds }) => ({ prompt, response: tokenIds }))),
  });
  for await (const {
    promptIndex,
    ranked: [best],
  } of ranked) {
    if (best) yield lineOf(promptAt(prompts, promptIndex), best.answer, best.score);
  }
}
