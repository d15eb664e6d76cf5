import { AppError } from '#lib/errors';
import type { ModelConfig } from '#lib/ml/models/model-config';
import { tensorShapes } from '#lib/ml/models/tensor-shapes';
import { cacheCapacity } from './cache-capacity';
import { defaultPassTokens } from './decoder';

const bytesPerNumber = 4;

interface DecodingSize {
  /** Rows decoded together. */
  readonly slots: number;
  /** Cache positions of a slot. */
  readonly capacity: number;
  /** Tokens of one prompt pass, padding included. */
  readonly promptTokens: number;
}

/**
 * Bytes that decoding takes at most: the weights, their copies for decoding, the key/value caches (one layer's twice while they grow),
 * what a step computes, and what a prompt pass computes. The process itself and the library come on top.
 */
export function decodingMemory(config: ModelConfig, { capacity, promptTokens, slots }: DecodingSize): number {
  const { headSize, heads, hiddenSize, intermediateSize, keyValueHeads, layers, vocabSize } = config;
  let weights = 0;
  for (const shape of tensorShapes(config, 'POLICY').values()) weights += shape.reduce((product, length) => product * length, 1);
  const layerCache = 2 * slots * keyValueHeads * capacity * headSize;
  // logits, shifted logits, weights, and what is read of them in the last steps, until it is collected
  const distribution = 9 * vocabSize;
  // hidden states of a block with its norms, queries, keys and values before and after they are turned, both halves of the feed-forward layer
  const token = 10 * hiddenSize + 4 * (heads + 2 * keyValueHeads) * headSize + 4 * intermediateSize;
  const step = slots * (distribution + token + 3 * heads * capacity + capacity);
  const passRows = Math.max(1, Math.floor(promptTokens / Math.min(promptTokens, capacity)));
  const scores = Math.min(promptTokens, capacity) * capacity;
  const pass = promptTokens * token + passRows * (3 * heads * scores + distribution) + 2 * scores;
  return bytesPerNumber * (2 * weights + (layers + 1) * layerCache + Math.max(step, pass));
}

/** Slot counts that graphs are made for: few, and none much larger than what is asked for. */
export function slotBucket(rows: number): number {
  let bucket = 1;
  while (bucket < rows) bucket = bucket < 8 ? bucket * 2 : 2 ** Math.floor(Math.log2(bucket)) === bucket ? bucket * 1.5 : (bucket / 3) * 4;
  return bucket;
}

/**
 * The most slots for rows of up to `positions` tokens that stay below `limitBytes`, and the tokens of a prompt pass.
 * Throws BAD_INPUT where not even `together` rows fit.
 */
export function planDecoding(
  config: ModelConfig,
  wanted: {
    readonly rows: number;
    readonly batchSize: number;
    readonly positions: number;
    readonly limitBytes: number;
    /** Slots are a multiple of this: the beams of one search. Default: 1. */
    readonly together?: number;
  },
): { slots: number; passTokens: number } {
  const { batchSize, limitBytes, positions, rows, together = 1 } = wanted;
  const capacity = cacheCapacity(positions, config.contextLength);
  const bytes = (slots: number, promptTokens: number) => decodingMemory(config, { slots, capacity, promptTokens });
  let groups = Math.floor(Math.min(batchSize, slotBucket(rows)) / together);
  let passTokens = defaultPassTokens;
  while (passTokens > 64 && bytes(together, passTokens) > limitBytes) passTokens /= 2;
  while (groups > 1 && bytes(groups * together, passTokens) > limitBytes) groups = Math.floor(groups / 2);
  const slots = Math.max(1, groups) * together;
  const needed = bytes(slots, passTokens);
  if (needed <= limitBytes) return { slots, passTokens };
  const size = (value: number) => `${(value / 1e6).toFixed(value < 1e8 ? 1 : 0)} MB`;
  const what = together === 1 ? 'One row' : `${together} rows`;
  throw new AppError('BAD_INPUT', `${what} of ${positions} tokens need ${size(needed)} of memory; ${size(limitBytes)} may be used.`, {
    details: { neededBytes: needed, limitBytes, positions },
    remedy: 'Ask for shorter answers, shorten the prompt, take a smaller model, or raise the memory limit if the machine has more.',
  });
}
