import { type BranchedText, layRows, type RowOptions, type TokenRows } from './token-rows';

/** A prompt with several answers, as token ids. */
export interface PromptWithAnswers {
  /** Begin token first. */
  readonly prompt: readonly number[];
  /** Each ends with its end token if the model ended it. */
  readonly answers: readonly (readonly number[])[];
}

/** The text of which only the answers are learnt, each token of them with weight 1. */
function answersText({ answers, prompt }: PromptWithAnswers): BranchedText {
  return { prefix: { tokens: prompt, weights: prompt.map(() => 0) }, branches: answers.map((tokens) => ({ tokens })) };
}

/**
 * Rows of `[prompt, answer 1, ..., answer K]`: the prompt is computed once for all its answers, and every answer sees what it would see
 * alone. Predictions are the answers' tokens, prompt by prompt and answer by answer (`splitByAnswer`). Throws as `layRows` does.
 */
export function sharedPromptRows(prompts: readonly PromptWithAnswers[], options: RowOptions): TokenRows {
  return layRows(
    prompts.map((prompt) => [answersText(prompt)]),
    options,
  );
}

/** Cuts values of predictions back: for each prompt one array an answer. */
export function splitByAnswer(values: Float32Array, prompts: readonly PromptWithAnswers[]): Float32Array[][] {
  let at = 0;
  return prompts.map(({ answers }) =>
    answers.map(({ length }) => {
      at += length;
      return values.slice(at - length, at);
    }),
  );
}
