import { normalCdf } from '../distribution';
import { correlation } from '../summary';

/** Mean ranks from 1 up, each value counted so many times (default: once). Ties get the mean of the ranks they take. */
export function midranks(values: ArrayLike<number>, weights?: ArrayLike<number>): Float64Array {
  const order = Int32Array.from({ length: values.length }, (_, at) => at).sort((a, b) => (values[a] as number) - (values[b] as number));
  return ranksAlong(order, values, weights);
}

/** The same where the order from low to high is known already. */
export function ranksAlong(order: Int32Array, values: ArrayLike<number>, weights?: ArrayLike<number>): Float64Array {
  const ranks = new Float64Array(values.length);
  let before = 0;
  for (let start = 0; start < order.length; ) {
    const value = values[order[start] as number];
    let [end, count] = [start, 0];
    for (; end < order.length && values[order[end] as number] === value; end += 1)
      count += weights ? (weights[order[end] as number] as number) : 1;
    for (let at = start; at < end; at += 1) ranks[order[at] as number] = before + (count + 1) / 2;
    before += count;
    start = end;
  }
  return ranks;
}

interface PairCounts {
  /** Concordant less discordant pairs. */
  readonly score: number;
  readonly pairs: number;
  /** Pairs tied in x, in y. */
  readonly tiedX: number;
  readonly tiedY: number;
}

function pairCounts(x: ArrayLike<number>, y: ArrayLike<number>): PairCounts {
  let [score, tiedX, tiedY] = [0, 0, 0];
  for (let i = 0; i < x.length; i += 1)
    for (let j = i + 1; j < x.length; j += 1) {
      const [dx, dy] = [Math.sign((x[i] as number) - (x[j] as number)), Math.sign((y[i] as number) - (y[j] as number))];
      score += dx * dy;
      if (dx === 0) tiedX += 1;
      if (dy === 0) tiedY += 1;
    }
  return { score, pairs: (x.length * (x.length - 1)) / 2, tiedX, tiedY };
}

/** Kendall's tau-b (Kendall 1945); NaN where one side does not vary. */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const { score, pairs, tiedX, tiedY } = pairCounts(x, y);
  return pairs === tiedX || pairs === tiedY ? Number.NaN : score / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** Above this, the normal approximation is good to four digits. */
const mostExact = 33;

/** Tau-b with its two-sided p: exact without ties up to 33 values, else normal with the variance under ties (Kendall 1970, chapter 5). */
export function kendallTest(x: ArrayLike<number>, y: ArrayLike<number>): { tau: number; p: number; exact: boolean } | null {
  const n = x.length;
  const { score, pairs, tiedX, tiedY } = pairCounts(x, y);
  if (pairs === tiedX || pairs === tiedY) return null;
  const tau = score / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
  if (tiedX === 0 && tiedY === 0 && n <= mostExact) return { tau, p: exactP(n, (pairs - score) / 2), exact: true };
  const [ofX, ofY] = [tieSums(x), tieSums(y)];
  const m = n * (n - 1);
  const variance =
    (m * (2 * n + 5) - ofX.fives - ofY.fives) / 18 + (2 * tiedX * tiedY) / m + (n > 2 ? (ofX.threes * ofY.threes) / (9 * m * (n - 2)) : 0);
  return { tau, p: 2 * normalCdf(-Math.abs(score) / Math.sqrt(variance)), exact: false };
}

function tieSums(values: ArrayLike<number>): { threes: number; fives: number } {
  const counts = new Map<number, number>();
  for (let at = 0; at < values.length; at += 1) counts.set(values[at] as number, (counts.get(values[at] as number) ?? 0) + 1);
  let [threes, fives] = [0, 0];
  for (const t of counts.values()) {
    threes += t * (t - 1) * (t - 2);
    fives += t * (t - 1) * (2 * t + 5);
  }
  return { threes, fives };
}

/** Share of the permutations of n that have as few inversions as these, or as many, whichever is rarer; both ends. */
function exactP(n: number, discordant: number): number {
  const pairs = (n * (n - 1)) / 2;
  const least = Math.min(discordant, pairs - discordant);
  // probabilities of 0, 1, ... inversions, one more element each round
  let shares = new Float64Array(pairs + 1);
  shares[0] = 1;
  for (let elements = 2; elements <= n; elements += 1) {
    const next = new Float64Array(pairs + 1);
    let window = 0;
    for (let inversions = 0; inversions <= pairs; inversions += 1) {
      window += shares[inversions] as number;
      if (inversions >= elements) window -= shares[inversions - elements] as number;
      next[inversions] = window / elements;
    }
    shares = next;
  }
  const tail = shares.subarray(0, least + 1).reduce((sum, share) => sum + share, 0);
  return Math.min(1, 2 * tail);
}

/** Spearman's rho; NaN where one side does not vary. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return correlation(midranks(x), midranks(y));
}
