import { AppError } from '#lib/errors';
import type { Prediction, TokenWeights } from './prediction';
import { Candidates, filtersSampling, penalisedLogit, penalises, type SamplingFilters } from './sampling-filters';

interface SampledToken {
  readonly token: number;
  /**
   * By the model's own logits divided by the temperature (at temperature 0 by the logits), whatever the filters took away: the measure that
   * PPO's ratio and KL are taken in.
   */
  readonly logProb: number;
  /** Where filters are on and something is drawn: by the distribution that it was drawn from. */
  readonly filteredLogProb?: number;
  /**
   * How far rounding is from another choice, as a difference of scores. Drawn: the distance between the log-odds of the uniform number and
   * those of the nearer border of its interval; that is the gap of the two best perturbed scores where the tokens on either side of the
   * border are two options and the noise is a difference of two Gumbel numbers. Most probable token: the gap of the two best logits, only
   * where logits were asked for. Infinity where there is nothing else to choose.
   */
  readonly margin?: number;
}

interface Sampling {
  /** 0 takes the most probable token. */
  readonly temperature: number;
  readonly filters: SamplingFilters;
  /** Tokens of prompt and answer; read by the repetition penalty only. */
  readonly seen: ReadonlySet<number>;
}

const plain: Sampling = { temperature: 1, filters: {}, seen: new Set() };

/** Scratch memory for one vocabulary at a time. */
let scratch: { readonly vocabulary: number; readonly candidates: Candidates } | undefined;

function candidatesFor(vocabulary: number): Candidates {
  if (scratch?.vocabulary !== vocabulary) scratch = { vocabulary, candidates: new Candidates(vocabulary) };
  return scratch.candidates;
}

const logOdds = (part: number, whole: number) => Math.log(part) - Math.log(Math.max(0, whole - part));

function marginOf(uniform: number, below: number, upTo: number, total: number): number {
  const drawn = logOdds(uniform, 1);
  return Math.min(drawn - logOdds(below, total), logOdds(upTo, total) - drawn);
}

/**
 * One token from row `row` of a prediction: the most probable one, or inverse transform sampling: the first token whose cumulative
 * probability exceeds `uniform`. One uniform number a token, so the noise is keyed by position alone.
 * Returns undefined where the row holds a value that is not finite.
 */
export function sampleToken(prediction: Prediction, row: number, uniform: number, sampling: Sampling = plain): SampledToken | undefined {
  if (prediction.kind === 'best') {
    const logProb = prediction.logProbs[row] ?? Number.NaN;
    return Number.isFinite(logProb) ? { token: prediction.tokens[row] ?? 0, logProb } : undefined;
  }
  const { totals, weights } = prediction;
  const total = totals[row] ?? Number.NaN;
  if (!Number.isFinite(total)) return undefined;
  if (sampling.temperature === 0) return bestToken(prediction, row, sampling);
  const vocabulary = weights.length / totals.length;
  const start = row * vocabulary;
  if (!filtersSampling(sampling.filters)) {
    const { below, index, upTo } = drawIndex(weights, start, vocabulary, uniform * total);
    const logProb = Math.log((weights[start + index] as number) / total);
    return { token: index, logProb, margin: marginOf(uniform, below, upTo, total) };
  }
  const candidates = candidatesFor(vocabulary);
  candidates.take(prediction, row, sampling.temperature, sampling.filters, sampling.seen);
  let kept = 0;
  for (let index = 0; index < candidates.length; index += 1) kept += candidates.values[index] as number;
  const { below, index, upTo } = drawIndex(candidates.values, 0, candidates.length, uniform * kept);
  const token = candidates.ids[index] as number;
  return {
    token,
    logProb: logWeight(prediction, row, token, sampling.temperature) - Math.log(total),
    filteredLogProb: Math.log((candidates.values[index] as number) / kept),
    margin: marginOf(uniform, below, upTo, kept),
  };
}

/** Logarithm of a weight; from the logit where there is one, because the weight may have underflowed. */
function logWeight({ highest, logits, totals, weights }: TokenWeights, row: number, token: number, temperature: number): number {
  const at = row * (weights.length / totals.length) + token;
  return logits ? ((logits[at] as number) - (highest[row] as number)) / temperature : Math.log(weights[at] as number);
}

/** The first of `length` weights from `start` on at which the running sum exceeds `wanted`, and the sum before and after it. */
function drawIndex(weights: Float32Array, start: number, length: number, wanted: number): { index: number; below: number; upTo: number } {
  let reached = 0;
  let below = 0;
  let chosen = 0;
  for (let index = 0; index < length; index += 1) {
    const weight = weights[start + index] as number;
    if (weight === 0) continue;
    below = reached;
    reached += weight;
    chosen = index;
    if (reached > wanted) break;
  }
  return { index: chosen, below, upTo: reached };
}

/** The largest logit after the penalty, the lowest id of equal ones. */
function bestToken(prediction: TokenWeights, row: number, { filters, seen }: Sampling): SampledToken {
  const { logits, totals } = prediction;
  if (!logits) throw new AppError('INTERNAL', 'The most probable token needs logits where it is not read from the engine.');
  const vocabulary = logits.length / totals.length;
  const start = row * vocabulary;
  const penalty = penalises(filters) ? filters.repetitionPenalty : undefined;
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  let token = 0;
  for (let index = 0; index < vocabulary; index += 1) {
    let logit = logits[start + index] as number;
    if (penalty !== undefined && seen.has(index)) logit = penalisedLogit(logit, penalty);
    if (logit > best) {
      second = best;
      best = logit;
      token = index;
    } else if (logit > second) second = logit;
  }
  return { token, logProb: logWeight(prediction, row, token, 1) - Math.log(totals[row] as number), margin: best - second };
}
