import type { Engine, Tensor } from '#lib/ml/engine/engine';

/** What a model says about the next token of each row. */
export type Prediction = BestTokens | TokenWeights;

interface BestTokens {
  readonly kind: 'best';
  /** `[rows]`: the most probable token, the lowest id of equal ones. */
  readonly tokens: Int32Array;
  /** `[rows]`: its log-probability. */
  readonly logProbs: Float32Array;
}

export interface TokenWeights {
  readonly kind: 'weights';
  /** `[rows, vocabSize]`: exp((logit - largest logit) / temperature), so the largest is 1. */
  readonly weights: Float32Array;
  /** `[rows]`: sums of the weights; NaN where the logits are not finite. */
  readonly totals: Float32Array;
  /** `[rows]`: the largest logit. */
  readonly highest: Float32Array;
  /** `[rows, vocabSize]`, where they were asked for. */
  readonly logits?: Float32Array;
}

/** The most probable tokens only, or weights of all of them at a temperature above 0, and on wish the logits that they were made of. */
export type PredictionKind =
  | { readonly kind: 'best' }
  | { readonly kind: 'weights'; readonly temperature: number; readonly logits?: boolean };

/** `[rows, vocabSize]` -> the tensors that `readPrediction` reads. */
export function predict(engine: Engine, kind: PredictionKind, logits: Tensor): readonly Tensor[] {
  const highest = engine.max(logits, 1, true);
  const shifted = engine.sub(logits, highest);
  if (kind.kind === 'best') {
    const total = engine.sum(engine.exp(shifted), 1);
    return [engine.argMax(logits), engine.neg(engine.log(total))];
  }
  const weights = engine.exp(engine.mul(shifted, 1 / kind.temperature));
  const results = [weights, engine.sum(weights, 1), engine.reshape(highest, [logits.shape[0] ?? 0])];
  return kind.logits ? [...results, logits] : results;
}

/** Reads and frees what `predict` made. */
export function readPrediction(engine: Engine, kind: PredictionKind, predicted: readonly Tensor[]): Prediction {
  const [first, second, third, fourth] = predicted.map((tensor) => engine.read(tensor));
  engine.dispose(predicted);
  if (kind.kind === 'best') return { kind: 'best', tokens: first as Int32Array, logProbs: second as Float32Array };
  const read = { weights: first as Float32Array, totals: second as Float32Array, highest: third as Float32Array };
  return { kind: 'weights', ...read, ...(fourth ? { logits: fourth as Float32Array } : {}) };
}

/** Row `row` of a prediction by itself: a copy, so that the others can be forgotten. */
export function rowOf(prediction: Prediction, row: number): Prediction {
  if (prediction.kind === 'best') {
    return { kind: 'best', tokens: prediction.tokens.slice(row, row + 1), logProbs: prediction.logProbs.slice(row, row + 1) };
  }
  const vocabulary = prediction.weights.length / prediction.totals.length;
  const across = (values: Float32Array) => values.slice(row * vocabulary, (row + 1) * vocabulary);
  return {
    kind: 'weights',
    weights: across(prediction.weights),
    totals: prediction.totals.slice(row, row + 1),
    highest: prediction.highest.slice(row, row + 1),
    ...(prediction.logits ? { logits: across(prediction.logits) } : {}),
  };
}
