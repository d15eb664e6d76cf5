import { AppError } from '#lib/errors';
import type { Episode } from '#lib/ml/training/examples';
import type { RuleSpec } from './reward-spec';

/** What a rule sees of an answer. */
export interface JudgedText {
  readonly episode: Episode;
  /** The answer without special tokens. */
  readonly text: string;
  /** What the data expects of the prompt; undefined where it says nothing. */
  readonly expected: string | undefined;
}

/** Tokens of the answer without the end token. */
function writtenTokens({ ended, response }: Episode): readonly number[] {
  return ended ? response.slice(0, -1) : response;
}

/** Share of the n-grams that already stood earlier in the same answer; 0 where there are fewer than two. */
export function repetitionShare(tokens: readonly number[], n: number): number {
  const seen = new Set<string>();
  const count = tokens.length - n + 1;
  for (let start = 0; start < count; start += 1) seen.add(tokens.slice(start, start + n).join());
  return count < 2 ? 0 : 1 - seen.size / count;
}

const numberPattern = /[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+/g;

/**
 * The final number of a worked answer: what stands behind the last `####` (GSM8K, Cobbe et al. 2110.14168), else the last number in the text.
 * Commas between thousands are read over. Null where there is none.
 */
export function finalNumber(text: string): number | null {
  const marked = text.lastIndexOf('####');
  const behind = marked < 0 ? null : (text.slice(marked + 4).match(numberPattern)?.[0] ?? null);
  const found = behind ?? (marked < 0 ? (text.match(numberPattern)?.at(-1) ?? null) : null);
  return found === null ? null : Number(found.replaceAll(',', ''));
}

const plainText = (text: string) => text.normalize('NFC').replace(/\s+/g, ' ').trim();

function isExpected({ episode, expected, text }: JudgedText, compare: 'text' | 'number'): boolean {
  if (expected === undefined) {
    throw new AppError(
      'BAD_INPUT',
      `The rule "answer" needs what is expected of prompt ${episode.promptId}, and the data does not say it.`,
      {
        details: { promptId: episode.promptId },
        remedy: 'Give prompts with "answer", or completions.',
      },
    );
  }
  if (compare === 'text') return plainText(text) === plainText(expected);
  const wanted = finalNumber(expected);
  if (wanted === null) {
    throw new AppError(
      'BAD_INPUT',
      `What is expected of prompt ${episode.promptId} holds no number: ${JSON.stringify(expected.slice(0, 80))}.`,
      {
        details: { promptId: episode.promptId },
      },
    );
  }
  return finalNumber(text) === wanted;
}

/**
 * The score of one answer by one rule, before its weight.
 * - `length`: tokens, without the end token, / scale; with a target -|tokens - target| / scale.
 * - `match`: 1 or 0; `forbid`: -1 or 0. Regular expressions over the text, Unicode.
 * - `repetition`: -(share of n-grams that stood before), from -1 to 0.
 * - `ends`: 1 where the model ended the answer, else 0.
 * - `answer`: 1 or 0; texts are compared without regard to white space, numbers by value.
 *
 * Throws BAD_INPUT where the data does not say what is expected.
 */
export function ruleReward(spec: RuleSpec, judged: JudgedText): number {
  const tokens = writtenTokens(judged.episode);
  switch (spec.rule) {
    case 'length':
      return (spec.target === null ? tokens.length : -Math.abs(tokens.length - spec.target)) / spec.scale;
    case 'match':
      return new RegExp(spec.pattern, `u${spec.flags}`).test(judged.text) ? 1 : 0;
    case 'forbid':
      return new RegExp(spec.pattern, `u${spec.flags}`).test(judged.text) ? -1 : 0;
    case 'repetition':
      return -repetitionShare(tokens, spec.n);
    case 'ends':
      return judged.episode.ended ? 1 : 0;
    case 'answer':
      return isExpected(judged, spec.compare) ? 1 : 0;
  }
}
