/**
 * Evidence that may be looked at after every vote: p-values that are valid given all before them are turned into e-values by the calibrator
 * 1 / (2 sqrt p) (its mean is 1 where p is uniform, Vovk and Wang 2021) and multiplied. Under the null the product ever reaches 1 / alpha with probability alpha at most
 * (Ville 1939), whenever one stops.
 */
interface EProcess {
  /** log of the evidence after each vote. */
  readonly logEvidence: readonly number[];
  /** An upper bound of the p-value that holds at any time: 1 / the largest evidence so far. */
  readonly p: number;
  /** Index of the vote at which the evidence reached 1 / alpha; null while it did not. */
  readonly alarm: number | null;
  readonly n: number;
}

export function eProcess(pValues: readonly number[], alpha = 0.05): EProcess {
  const logEvidence: number[] = [];
  let sum = 0;
  let largest = 0;
  let alarm: number | null = null;
  pValues.forEach((p, at) => {
    if (!(p > 0 && p <= 1)) throw new RangeError(`a p-value lies in (0, 1], got ${p}`);
    sum -= Math.log(2 * Math.sqrt(p));
    logEvidence.push(sum);
    largest = Math.max(largest, sum);
    if (alarm === null && sum >= -Math.log(alpha)) alarm = at;
  });
  return { logEvidence, p: Math.min(1, Math.exp(-largest)), alarm, n: pValues.length };
}

/** `high`, `low`: towards the first or the second answer; `unlike`: away from the mean of all votes, to whichever side. */
type VoteSide = 'high' | 'low' | 'unlike';

/**
 * p of a vote among earlier votes of others on the same pair: (1 + those at least as extreme) / (1 + all). Votes are 1 (first), 0.5 (tie), 0 (second): ties
 * are votes as others, so that the p-value stays valid where people tie.
 */
export function votePValue(vote: number, history: readonly number[], side: VoteSide): number {
  // the own vote is in the mean: all votes are treated alike, which is what makes the p-value valid
  const mean = (history.reduce((sum, other) => sum + other, 0) + vote) / (history.length + 1);
  const extremity = (own: number) => (side === 'high' ? own : side === 'low' ? -own : Math.abs(own - mean));
  const extreme = history.filter((other) => extremity(other) >= extremity(vote) - 1e-12).length;
  return (1 + extreme) / (1 + history.length);
}

/** Whether somebody votes unlike others, in any of three ways: the mean of the three processes is one too. */
export function outlierProcess(votes: readonly { readonly vote: number; readonly history: readonly number[] }[], alpha = 0.05): EProcess {
  const sides = (['high', 'low', 'unlike'] as const).map(
    (side) =>
      eProcess(
        votes.map(({ history, vote }) => votePValue(vote, history, side)),
        alpha,
      ).logEvidence,
  );
  const logEvidence = votes.map((_, at) => {
    const logs = sides.map((side) => side[at] as number);
    const peak = Math.max(...logs);
    return peak + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - peak), 0) / logs.length);
  });
  const at = logEvidence.findIndex((log) => log >= -Math.log(alpha));
  return { logEvidence, p: Math.min(1, Math.exp(-Math.max(0, ...logEvidence))), alarm: at < 0 ? null : at, n: votes.length };
}
