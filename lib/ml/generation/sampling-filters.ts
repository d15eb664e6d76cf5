import { AppError } from '#lib/errors';
import type { TokenWeights } from './prediction';
import { countThreshold, massThreshold, type Numbers, numbersOf } from './select-top';

/**
 * Changes of a distribution before a token is drawn, in the order of Hugging Face transformers 4.57: repetition penalty (Keskar et al. 2019)
 * on the logits, temperature, top-k (Fan et al. 2018), top-p (Holtzman et al. 2020), min-p (Nguyen et al. 2024).
 */
export interface SamplingFilters {
  /** The k most probable tokens, and all that are as probable as the last of them; 0 = off. */
  readonly topK?: number;
  /** The fewest most probable tokens that have this mass together; of equal ones the lower ids. 1 = off. */
  readonly topP?: number;
  /** Tokens at least this times as probable as the most probable one; 0 = off. */
  readonly minP?: number;
  /** Logits of tokens that the prompt or the answer holds are divided by this where positive, else multiplied; 1 = off. */
  readonly repetitionPenalty?: number;
}

/** Throws BAD_INPUT naming a setting that is out of its range. */
export function checkFilters({ minP = 0, repetitionPenalty = 1, topK = 0, topP = 1 }: SamplingFilters): void {
  const refuse = (name: string, value: number, range: string) =>
    new AppError('BAD_INPUT', `${name} is ${value}; it has to be ${range}.`, { details: { option: name } });
  if (!Number.isInteger(topK) || topK < 0) throw refuse('topK', topK, 'a whole number from 0 (off) on');
  if (!(topP >= 0 && topP <= 1)) throw refuse('topP', topP, 'from 0 to 1 (off)');
  if (!(minP >= 0 && minP <= 1)) throw refuse('minP', minP, 'from 0 (off) to 1');
  if (!(repetitionPenalty > 0 && Number.isFinite(repetitionPenalty)))
    throw refuse('repetitionPenalty', repetitionPenalty, 'above 0 (1 is off)');
}

export function penalises({ repetitionPenalty = 1 }: SamplingFilters): boolean {
  return repetitionPenalty !== 1;
}

/** Whether any filter changes what is drawn at a temperature above 0. */
export function filtersSampling(filters: SamplingFilters): boolean {
  const { minP = 0, topK = 0, topP = 1 } = filters;
  return penalises(filters) || topK > 0 || topP < 1 || minP > 0;
}

/** Beyond this, in units of logit / temperature, weights made before the penalty are no longer exact: they are made anew. */
const exactShift = 40;

/** Candidates of one draw. One object serves all rows of one vocabulary after another. */
export class Candidates {
  /** Tokens that are left, in the order of their ids, and their weights, which are relative to each other only. */
  readonly ids: Int32Array;
  readonly values: Float32Array;
  length = 0;
  private readonly own: Numbers;
  /** All weights after a penalty; only then are they copied. */
  private readonly penalised: Numbers;

  constructor(private readonly vocabulary: number) {
    this.ids = new Int32Array(vocabulary);
    this.values = new Float32Array(vocabulary);
    this.own = numbersOf(this.values, 0, vocabulary);
    this.penalised = numbersOf(new Float32Array(vocabulary), 0, vocabulary);
  }

  /** The tokens of row `row` that the filters leave. `seen` are the tokens that the penalty is for; the prediction needs logits then. */
  take(prediction: TokenWeights, row: number, temperature: number, filters: SamplingFilters, seen: ReadonlySet<number>): void {
    const { vocabulary } = this;
    const { minP = 0, topK = 0, topP = 1 } = filters;
    const given = penalises(filters)
      ? this.penalise(prediction, row, temperature, filters, seen)
      : numbersOf(prediction.weights, row * vocabulary, vocabulary);
    this.length = -1;
    if (topK > 0 && topK < vocabulary) this.keepFrom(given, countThreshold(given, vocabulary, topK));
    if (topP < 1) this.keepMass(given, topP);
    if (minP > 0) this.keepFrom(given, Math.fround(minP * this.largest(given)));
    if (this.length < 0) this.keepFrom(given, 0);
  }

  /** What is left: everything that was given before the first filter, then our own numbers. */
  private left(given: Numbers): { numbers: Numbers; length: number } {
    return this.length < 0 ? { numbers: given, length: this.vocabulary } : { numbers: this.own, length: this.length };
  }

  private largest(given: Numbers): number {
    const { length, numbers } = this.left(given);
    let largest = 0;
    for (let index = 0; index < length; index += 1)
      if ((numbers.values[index] as number) > largest) largest = numbers.values[index] as number;
    return largest;
  }

  private penalise(
    { highest, logits, weights }: TokenWeights,
    row: number,
    temperature: number,
    { repetitionPenalty = 1 }: SamplingFilters,
    seen: ReadonlySet<number>,
  ): Numbers {
    if (!logits) throw new AppError('INTERNAL', 'A repetition penalty needs logits.');
    const { penalised, vocabulary } = this;
    const { values } = penalised;
    const start = row * vocabulary;
    const top = highest[row] as number;
    values.set(weights.subarray(start, start + vocabulary));
    let changed = Number.NEGATIVE_INFINITY;
    let most = 0;
    for (const token of seen) {
      const logit = penalisedLogit(logits[start + token] as number, repetitionPenalty);
      changed = Math.max(changed, logit);
      values[token] = Math.exp((logit - top) / temperature);
    }
    for (let token = 0; token < vocabulary; token += 1) if ((values[token] as number) > most) most = values[token] as number;
    // where the best token was penalised, the others are all small: exact unless they come near the end of float32
    if ((changed - top) / temperature < exactShift && most > Math.exp(-exactShift)) return penalised;
    const after = (token: number) => {
      const logit = logits[start + token] as number;
      return seen.has(token) ? penalisedLogit(logit, repetitionPenalty) : logit;
    };
    let best = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < vocabulary; token += 1) best = Math.max(best, after(token));
    for (let token = 0; token < vocabulary; token += 1) values[token] = Math.exp((after(token) - best) / temperature);
    return penalised;
  }

  private keepFrom(given: Numbers, threshold: number): void {
    const { ids, values } = this;
    const { length, numbers } = this.left(given);
    const first = this.length < 0;
    let kept = 0;
    for (let index = 0; index < length; index += 1) {
      const value = numbers.values[index] as number;
      if (value < threshold) continue;
      values[kept] = value;
      ids[kept] = first ? index : (ids[index] as number);
      kept += 1;
    }
    this.length = kept;
  }

  /** Keeps a token where those that are more probable have less than `share` of the mass. */
  private keepMass(given: Numbers, share: number): void {
    const { ids, values } = this;
    const { length, numbers } = this.left(given);
    const first = this.length < 0;
    const { above, t, wanted } = massThreshold(numbers, length, share);
    let reached = above;
    let kept = 0;
    for (let index = 0; index < length; index += 1) {
      const value = numbers.values[index] as number;
      if (value < t) continue;
      if (value === t) {
        if (reached >= wanted && reached > 0) continue;
        reached += value;
      }
      values[kept] = value;
      ids[kept] = first ? index : (ids[index] as number);
      kept += 1;
    }
    this.length = kept;
  }
}

export function penalisedLogit(logit: number, penalty: number): number {
  return logit > 0 ? logit / penalty : logit * penalty;
}
