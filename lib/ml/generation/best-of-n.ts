import { AppError } from '#lib/errors';
import type { GeneratedAnswer } from './answer-row';
import { type GenerateOptions, generate } from './generate';

/** One number an answer of one prompt, higher is better, in their order. */
type AnswerScorer = (answers: readonly GeneratedAnswer[], prompt: readonly number[]) => readonly number[] | Promise<readonly number[]>;

interface ScoredAnswer {
  readonly answer: GeneratedAnswer;
  readonly score: number;
}

/**
 * Samples `samplesPerPrompt` answers a prompt and orders them by score, best first, the earlier sample of equal ones first: best-of-n
 * (Stiennon et al. 2020) is the first of them. Throws as `generate` does, and INVARIANT where the scorer does not give a number an answer.
 */
export async function* bestOfN(
  options: GenerateOptions & { readonly score: AnswerScorer },
): AsyncGenerator<{ promptIndex: number; ranked: readonly ScoredAnswer[] }, void, void> {
  const { prompts, samplesPerPrompt, score } = options;
  let group: GeneratedAnswer[] = [];
  for await (const answer of generate(options)) {
    group.push(answer);
    if (group.length < samplesPerPrompt) continue;
    const { promptIndex } = answer;
    const scores = await score(group, prompts[promptIndex] ?? []);
    const broken = group.findIndex((_, index) => !Number.isFinite(scores[index]));
    if (scores.length !== group.length || broken >= 0) {
      throw new AppError(
        'INVARIANT',
        `The scorer gave ${scores[broken]} for sample ${broken + 1} of prompt ${options.promptKeys[promptIndex]}.`,
        {
          details: { check: 'one-score-an-answer' },
        },
      );
    }
    const scored = group.map((each, index) => ({ answer: each, score: scores[index] as number }));
    group = [];
    yield { promptIndex, ranked: scored.toSorted((a, b) => b.score - a.score) };
  }
}
