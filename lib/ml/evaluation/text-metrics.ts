/** Measures of a set of answers that need no model: how long, how varied, how repetitive. Tokens may be words or token ids. */

export type Tokens = readonly (string | number)[];

function ngrams(tokens: Tokens, n: number): string[] {
  return Array.from({ length: Math.max(0, tokens.length - n + 1) }, (_, start) => tokens.slice(start, start + n).join('\u0001'));
}

/** distinct-n (Li et al. 1510.03055): different n-grams over all n-grams of all answers together; null where there are none. */
export function distinctNgrams(answers: readonly Tokens[], n: number): number | null {
  const seen = new Set<string>();
  let total = 0;
  for (const answer of answers) {
    for (const gram of ngrams(answer, n)) {
      seen.add(gram);
      total += 1;
    }
  }
  return total === 0 ? null : seen.size / total;
}

/** Mean over answers of the share of n-grams that already stood earlier in the same answer; answers shorter than n + 1 count 0. */
export function repetition(answers: readonly Tokens[], n: number): number | null {
  if (answers.length === 0) return null;
  let sum = 0;
  for (const answer of answers) {
    const grams = ngrams(answer, n);
    if (grams.length > 0) sum += 1 - new Set(grams).size / grams.length;
  }
  return sum / answers.length;
}

export function meanLength(answers: readonly Tokens[]): number | null {
  return answers.length === 0 ? null : answers.reduce((sum, answer) => sum + answer.length, 0) / answers.length;
}

/** Words of a text for these measures: letters and digits of any script, lower case. */
export function textWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}
