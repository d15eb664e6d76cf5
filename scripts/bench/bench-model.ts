import type { LlamaConfig } from '#lib/ml/models/model-config';

/** The two sizes that are trained, and the one that generates (S), with the batch they are trained with. */
export const sizes = {
  A: { hidden: 256, layers: 4, heads: 4, vocabulary: 2_048, intermediate: 1_024, batch: 16, time: 128 },
  S: { hidden: 288, layers: 6, heads: 6, vocabulary: 32_000, intermediate: 768, batch: 8, time: 128 },
} as const;

export type Size = keyof typeof sizes;

export function benchConfig(size: Size): LlamaConfig {
  const { hidden, layers, heads, vocabulary, intermediate } = sizes[size];
  return {
    family: 'llama',
    modelType: 'llama',
    vocabSize: vocabulary,
    hiddenSize: hidden,
    intermediateSize: intermediate,
    layers,
    heads,
    keyValueHeads: heads,
    headSize: hidden / heads,
    contextLength: 1_024,
    rope: { theta: 10_000, scaling: null },
    normEpsilon: 1e-5,
    biases: { attention: false, output: false, mlp: false },
    qkNorm: false,
    slidingWindow: null,
    tiedEmbeddings: true,
    bosTokenId: 1,
    eosTokenId: 2,
    stopTokenIds: [2],
    padTokenId: 0,
  };
}

/**
 * Floating point operations of one token in training, forward and backward (three times forward): two a weight of every matrix product, the
 * head's too, and both products of attention over the whole square, as both sides compute them.
 */
export function trainingFlopsPerToken(size: Size): number {
  const { hidden, layers, vocabulary, intermediate, time } = sizes[size];
  const weights = layers * (4 * hidden * hidden + 3 * hidden * intermediate) + vocabulary * hidden;
  return 3 * (2 * weights + layers * 4 * time * hidden);
}

/** What every script of our side prints: one line of JSON. */
export interface Measured {
  /** Tokens a second: the best and the median repetition of this process. */
  readonly best: number;
  readonly median: number;
  /** Processor time of all threads: a training step; a decoding step (one token of every row); a useful token of the ragged load. */
  readonly cpuMs: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
    : (sorted[Math.floor(middle)] ?? Number.NaN);
}
