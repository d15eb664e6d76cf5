/**
 * The Plackett-Luce likelihood of rankings (Luce 1959, Plackett 1975) as a sum: log P = sum of linear[i] theta_i - sum over terms of
 * weight * log(sum over members of e^theta). A tied group counts as the mean of log P over all orders of its members: no order is made up.
 */
export interface ChoiceTerms {
  readonly linear: Float64Array;
  readonly terms: readonly { readonly members: readonly number[]; readonly weight: number }[];
}

/** Ranks of `count` items (1 = best, equal = tie, null = not ranked), each with a weight. */
export function choiceTerms(
  count: number,
  rankings: readonly { readonly ranks: readonly (number | null)[]; readonly weight: number }[],
): ChoiceTerms {
  const linear = new Float64Array(count);
  const terms: { members: number[]; weight: number }[] = [];
  for (const { ranks, weight } of rankings) {
    if (weight === 0) continue;
    for (const { below, group } of groupsOf(ranks)) {
      if (below.length === 0 && group.length === 1) continue;
      for (const item of group) linear[item] = (linear[item] as number) + weight;
      for (const subset of subsetsOf(group)) {
        if (below.length === 0 && subset.length === 1)
          linear[subset[0] as number] = (linear[subset[0] as number] as number) - weight / group.length;
        else terms.push({ members: [...subset, ...below], weight: weight / binomial(group.length, subset.length) });
      }
    }
  }
  return { linear, terms };
}

/** Tied groups from the best to the worst, each with all that stand below it. */
function groupsOf(ranks: readonly (number | null)[]): { group: number[]; below: number[] }[] {
  const levels = [...new Set(ranks.filter((rank) => rank !== null))].sort((a, b) => a - b);
  const items = [...ranks.keys()];
  return levels.map((level) => ({
    group: items.filter((item) => ranks[item] === level),
    below: items.filter((item) => (ranks[item] ?? 0) > level),
  }));
}

function subsetsOf(group: readonly number[]): number[][] {
  return Array.from({ length: 2 ** group.length - 1 }, (_, index) => group.filter((_, bit) => ((index + 1) >> bit) & 1));
}

function binomial(n: number, k: number): number {
  let value = 1;
  for (let step = 1; step <= k; step += 1) value = (value * (n - k + step)) / step;
  return value;
}

interface ChoiceLikelihood {
  readonly value: number;
  readonly gradient: Float64Array;
  /** -d2 log P: positive semidefinite. */
  readonly information: Float64Array;
}

export function choiceLogLikelihood({ linear, terms }: ChoiceTerms, theta: ArrayLike<number>): number {
  let value = 0;
  for (let item = 0; item < linear.length; item += 1) value += (linear[item] as number) * (theta[item] as number);
  for (const { members, weight } of terms) value -= weight * logSum(members, theta);
  return value;
}

export function choiceLikelihood(choices: ChoiceTerms, theta: ArrayLike<number>): ChoiceLikelihood {
  const { linear, terms } = choices;
  const n = linear.length;
  const gradient = Float64Array.from(linear);
  const information = new Float64Array(n * n);
  for (const { members, weight } of terms) {
    const log = logSum(members, theta);
    const shares = members.map((member) => Math.exp((theta[member] as number) - log));
    members.forEach((row, at) => {
      const share = shares[at] as number;
      gradient[row] = (gradient[row] as number) - weight * share;
      information[row * n + row] = (information[row * n + row] as number) + weight * share;
      members.forEach((column, other) => {
        information[row * n + column] = (information[row * n + column] as number) - weight * share * (shares[other] as number);
      });
    });
  }
  return { value: choiceLogLikelihood(choices, theta), gradient, information };
}

function logSum(members: readonly number[], theta: ArrayLike<number>): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (const member of members) peak = Math.max(peak, theta[member] as number);
  let sum = 0;
  for (const member of members) sum += Math.exp((theta[member] as number) - peak);
  return peak + Math.log(sum);
}
