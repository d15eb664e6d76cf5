import { AppError } from '#lib/errors';
import type { TokenWeights } from './prediction';
import { thresholdOf } from './select-top';

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
  readonly ids: Int32Array;
  /** Weights of the candidates, in the order of `ids`; the numbers are relative to each other only. */
  readonly values: Float32Array;
  /** The same numbers as bits. */
  readonly bits: Uint32Array;
  length = 0;

  constructor(private readonly vocabulary: number) {
    this.ids = new Int32Array(vocabulary);
    this.values = new Float32Array(vocabulary);
    this.bits = new Uint32Array(this.values.buffer);
  }

  /**
   * The tokens of row `row` that the filters leave, by id. `seen` are the tokens that the penalty is for; the prediction needs logits then.
   */
  take(prediction: TokenWeights, row: number, temperature: number, filters: SamplingFilters, seen: ReadonlySet<number>): void {
    const { vocabulary } = this;
    this.values.set(prediction.weights.subarray(row * vocabulary, (row + 1) * vocabulary));
    this.length = vocabulary;
    for (let token = 0; token < vocabulary; token += 1) this.ids[token] = token;
    if (penalises(filters)) this.penalise(prediction, row, temperature, filters, seen);
    const { minP = 0, topK = 0, topP = 1 } = filters;
    if (topK > 0 && topK < vocabulary) this.keepFrom(thresholdOf(this, this.length, 'count', topK).t);
    if (topP < 1) this.keepMass(topP);
    if (minP > 0) this.keepFrom(Math.fround(minP * this.largest()));
  }

  private largest(): number {
    let largest = 0;
    for (let index = 0; index < this.length; index += 1) largest = Math.max(largest, this.values[index] as number);
    return largest;
  }

  private penalise(
    { highest, logits }: TokenWeights,
    row: number,
    temperature: number,
    { repetitionPenalty = 1 }: SamplingFilters,
    seen: ReadonlySet<number>,
  ): void {
    if (!logits) throw new AppError('INTERNAL', 'A repetition penalty needs logits.');
    const { values, vocabulary } = this;
    const start = row * vocabulary;
    const top = highest[row] as number;
    let changed = Number.NEGATIVE_INFINITY;
    for (const token of seen) {
      const penalised = penalisedLogit(logits[start + token] as number, repetitionPenalty);
      changed = Math.max(changed, penalised);
      values[token] = Math.exp((penalised - top) / temperature);
    }
    // where the best token was penalised, the others are all small: exact unless they come near the end of float32
    if ((changed - top) / temperature < exactShift && this.largest() > Math.exp(-exactShift)) return;
    const after = (token: number) => {
      const logit = logits[start + token] as number;
      return seen.has(token) ? penalisedLogit(logit, repetitionPenalty) : logit;
    };
    let best = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < vocabulary; token += 1) best = Math.max(best, after(token));
    for (let token = 0; token < vocabulary; token += 1) values[token] = Math.exp((after(token) - best) / temperature);
  }

  private keepFrom(threshold: number): void {
    const { ids, values } = this;
    let kept = 0;
    for (let index = 0; index < this.length; index += 1) {
      const value = values[index] as number;
      if (value < threshold) continue;
      values[kept] = value;
      ids[kept] = ids[index] as number;
      kept += 1;
    }
    this.length = kept;
  }

  /** Keeps a token where those that are more probable have less than `share` of the mass. */
  private keepMass(share: number): void {
    const { ids, values } = this;
    let total = 0;
    for (let index = 0; index < this.length; index += 1) total += values[index] as number;
    const wanted = share * total;
    const { above, t } = thresholdOf(this, this.length, 'mass', wanted);
    let reached = above;
    let kept = 0;
    for (let index = 0; index < this.length; index += 1) {
      const value = values[index] as number;
      if (value < t) continue;
      if (value === t) {
        if (reached >= wanted && reached > 0) continue;
        reached += value;
      }
      values[kept] = value;
      ids[kept] = ids[index] as number;
      kept += 1;
    }
    this.length = kept;
  }
}

export function penalisedLogit(logit: number, penalty: number): number {
  return logit > 0 ? logit / penalty : logit * penalty;
}
