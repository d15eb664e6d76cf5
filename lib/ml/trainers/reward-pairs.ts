import { logSigmoid, sigmoid } from '#lib/ml/numerics';

/** A prompt with K answers and what annotators said about them. */
export interface RankedPrompt {
  readonly promptId: string;
  readonly split: 'TRAIN' | 'VALIDATION' | 'TEST';
  /** Token ids with BOS. */
  readonly prompt: readonly number[];
  readonly responses: readonly { readonly responseId: string; readonly tokens: readonly number[] }[];
  /** One entry an annotation: the dense rank of each response (1 = best, equal = tie), null where it was set aside. */
  readonly rankings: readonly (readonly (number | null)[])[];
}

/** Two responses of one prompt and how often each was judged better. */
export interface JudgedPair {
  readonly first: number;
  readonly second: number;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
}

/** All C(K, 2) pairs that at least one annotation compares, first < second. */
export function judgedPairs(prompt: Pick<RankedPrompt, 'responses' | 'rankings'>): JudgedPair[] {
  const pairs: JudgedPair[] = [];
  for (let first = 0; first < prompt.responses.length; first += 1) {
    for (let second = first + 1; second < prompt.responses.length; second += 1) {
      let wins = 0;
      let losses = 0;
      let ties = 0;
      for (const ranks of prompt.rankings) {
        const a = ranks[first] ?? null;
        const b = ranks[second] ?? null;
        if (a === null || b === null) continue;
        if (a < b) wins += 1;
        else if (a > b) losses += 1;
        else ties += 1;
      }
      if (wins + losses + ties > 0) pairs.push({ first, second, wins, losses, ties });
    }
  }
  return pairs;
}

/**
 * K-wise loss of one prompt (InstructGPT 2203.02155 eq. 1): the mean over its judged pairs of -log sigmoid(r_better - r_worse), all pairs of a
 * prompt in one batch element. A tie is a soft label of one half, -log sigmoid(D)/2 - log sigmoid(-D)/2, which pulls the two scores together;
 * tied pairs count in the divisor. Several annotations of a pair average to a soft label. Returns d(loss)/d(score) too.
 */
export function rankingLoss(
  scores: readonly number[],
  pairs: readonly JudgedPair[],
): { readonly loss: number; readonly gradient: number[] } {
  const gradient = scores.map(() => 0);
  const judgements = pairs.reduce((sum, pair) => sum + pair.wins + pair.losses + pair.ties, 0);
  let loss = 0;
  for (const pair of pairs) {
    const difference = (scores[pair.first] as number) - (scores[pair.second] as number);
    const count = pair.wins + pair.losses + pair.ties;
    const target = (pair.wins + pair.ties / 2) / count;
    const weight = count / judgements;
    // -t log s(D) - (1 - t) log s(-D) = (1 - t) D - log s(D)
    loss += weight * ((1 - target) * difference - logSigmoid(difference));
    const slope = weight * (sigmoid(difference) - target);
    gradient[pair.first] = (gradient[pair.first] as number) + slope;
    gradient[pair.second] = (gradient[pair.second] as number) - slope;
  }
  return { loss: judgements === 0 ? 0 : loss, gradient };
}

/** The pairs of several prompts laid flat for one batch: indices into the batch's scores, the weight and the target of each. */
export interface FlatPairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Sums to 1 over the batch: each prompt weighs the same, each judgement within it too. */
  readonly weights: Float32Array;
  readonly targets: Float32Array;
}

export function flattenPairs(prompts: readonly { readonly responses: number; readonly pairs: readonly JudgedPair[] }[]): FlatPairs {
  const first: number[] = [];
  const second: number[] = [];
  const weights: number[] = [];
  const targets: number[] = [];
  let offset = 0;
  for (const prompt of prompts) {
    const judgements = prompt.pairs.reduce((sum, pair) => sum + pair.wins + pair.losses + pair.ties, 0);
    for (const pair of prompt.pairs) {
      const count = pair.wins + pair.losses + pair.ties;
      first.push(offset + pair.first);
      second.push(offset + pair.second);
      weights.push(count / judgements / prompts.length);
      targets.push((pair.wins + pair.ties / 2) / count);
    }
    offset += prompt.responses;
  }
  return {
    first: Int32Array.from(first),
    second: Int32Array.from(second),
    weights: Float32Array.from(weights),
    targets: Float32Array.from(targets),
  };
}
