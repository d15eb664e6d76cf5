import type { PreferencePair, Split } from '#lib/ml/training/examples';
import { sameTokens } from './direct-rows';

/** A prompt with K answers and how annotators ranked them. */
interface RankedAnswers {
  readonly promptId: string;
  readonly split: Split;
  readonly prompt: readonly number[];
  readonly responses: readonly { readonly responseId: string; readonly tokens: readonly number[] }[];
  /** Dense ranks (1 = best, equal = tie), null where an answer was set aside; weight: of the annotator, 1 where it is missing. */
  readonly rankings: readonly { readonly ranks: readonly (number | null)[]; readonly weight?: number }[];
}

/** Why a ranking or a pair of it became no example; nothing is left out in silence. */
interface LeftOut {
  readonly promptId: string;
  readonly reason: 'nothing-ranked' | 'all-tied' | 'identical-answers';
  /** Rankings for the first two reasons, pairs of answers for the third. */
  readonly count: number;
}

/**
 * Pairs of rankings: every two answers that a ranking tells apart, each with weight (annotator's weight) / (pairs of this ranking), so that a ranking of K
 * weighs as much as one of two: 1 / C(K, 2) a pair where nothing is tied (InstructGPT 2203.02155 eq. 1). The same pair from several rankings is one
 * example with the sum of the weights; where annotators disagree both directions stay, each with its weight: a soft label.
 *
 * `ties`: `drop` leaves tied answers out and divides by the pairs that remain; `both` makes a tie two pairs of opposite directions with half its
 * weight each, -log sigmoid(beta h) / 2 - log sigmoid(-beta h) / 2, which pulls the implicit rewards of the two together. Default `drop`: with the losses
 * of DPO a tie taken for a preference costs quality (Chen et al. 2409.17431), taken for a half it only holds back.
 * Equal answers (the same tokens) make no pair: they are reported, as are rankings that tell nothing apart.
 */
export function pairsFromRankings(
  prompts: readonly RankedAnswers[],
  options: { readonly ties?: 'drop' | 'both' } = {},
): { readonly pairs: PreferencePair[]; readonly leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const pairs = prompts.flatMap((prompt) => {
    const made = pairsOfPrompt(prompt, options.ties ?? 'drop');
    for (const [reason, count] of Object.entries(made.leftOut)) {
      if (count > 0) leftOut.push({ promptId: prompt.promptId, reason: reason as LeftOut['reason'], count });
    }
    return made.pairs;
  });
  return { pairs, leftOut };
}

function pairsOfPrompt(prompt: RankedAnswers, ties: 'drop' | 'both') {
  const { prompt: tokens, promptId, responses, split } = prompt;
  const weights = new Map<string, { readonly better: number; readonly worse: number; weight: number }>();
  const add = (better: number, worse: number, weight: number) => {
    const pair = weights.get(`${better}/${worse}`) ?? { better, worse, weight: 0 };
    pair.weight += weight;
    weights.set(`${better}/${worse}`, pair);
  };
  const leftOut = { 'nothing-ranked': 0, 'all-tied': 0, 'identical-answers': 0 };
  for (const { ranks, weight = 1 } of prompt.rankings) {
    const { compared, identical } = comparisons(prompt, ranks);
    leftOut['identical-answers'] += identical;
    const used = ties === 'both' ? compared : compared.filter(({ tie }) => !tie);
    if (used.length === 0) {
      leftOut[compared.length === 0 ? 'nothing-ranked' : 'all-tied'] += 1;
      continue;
    }
    for (const { better, tie, worse } of used) {
      add(better, worse, (tie ? weight / 2 : weight) / used.length);
      if (tie) add(worse, better, weight / 2 / used.length);
    }
  }
  const answer = (index: number) => responses[index] as RankedAnswers['responses'][number];
  const pairs = [...weights.values()].map(
    ({ better, weight, worse }): PreferencePair => ({
      pairId: `${promptId}/${answer(better).responseId}>${answer(worse).responseId}`,
      promptId,
      split,
      prompt: tokens,
      chosen: answer(better).tokens,
      rejected: answer(worse).tokens,
      weight,
      margin: null,
    }),
  );
  return { pairs, leftOut };
}

/** Every two ranked answers; of a tie the earlier one stands first. */
function comparisons({ responses }: RankedAnswers, ranks: readonly (number | null)[]) {
  const compared: { better: number; worse: number; tie: boolean }[] = [];
  let identical = 0;
  for (let first = 0; first < responses.length; first += 1) {
    for (let second = first + 1; second < responses.length; second += 1) {
      const a = ranks[first] ?? null;
      const b = ranks[second] ?? null;
      if (a === null || b === null) continue;
      if (sameTokens(responses[first]?.tokens ?? [], responses[second]?.tokens ?? [])) identical += 1;
      else compared.push(a <= b ? { better: first, worse: second, tie: a === b } : { better: second, worse: first, tie: false });
    }
  }
  return { compared, identical };
}
