import { z } from 'zod';
import { type CommonConfig, configError, parseFields, positiveWhole, refuseForeignFields, specialTokens, tokenFields } from './read-config';

/** GPT-2 (Radford et al. 2019): LayerNorm with bias, learned positions, full attention, a feed-forward layer of one activation. */
export interface Gpt2Config extends CommonConfig {
  readonly family: 'gpt2';
  readonly modelType: 'gpt2';
  /** `gelu_new` is the approximation by tanh, `gelu` the exact one. */
  readonly activation: 'gelu_new' | 'gelu' | 'relu';
}

const gpt2File = z.object({
  vocab_size: positiveWhole,
  n_positions: positiveWhole,
  n_embd: positiveWhole,
  n_layer: positiveWhole,
  n_head: positiveWhole,
  n_inner: positiveWhole.nullish(),
  activation_function: z.enum(['gelu_new', 'gelu_pytorch_tanh', 'gelu_fast', 'gelu', 'relu']).default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  // transformers itself gives different numbers by its different attention functions where these two are changed
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  tie_word_embeddings: z.boolean().default(true),
  ...tokenFields,
});

/** Throws BAD_INPUT naming the field. */
export function parseGpt2Config(json: Readonly<Record<string, unknown>>, source: string): Gpt2Config {
  refuseForeignFields(json, source);
  const file = parseFields(gpt2File, json, source);
  const headSize = file.n_embd / file.n_head;
  if (!Number.isInteger(headSize)) throw configError(source, `${file.n_head} heads do not divide a width of ${file.n_embd}.`, 'n_head');
  const activation = file.activation_function;
  return {
    family: 'gpt2',
    modelType: 'gpt2',
    vocabSize: file.vocab_size,
    hiddenSize: file.n_embd,
    intermediateSize: file.n_inner ?? 4 * file.n_embd,
    layers: file.n_layer,
    heads: file.n_head,
    keyValueHeads: file.n_head,
    headSize,
    contextLength: file.n_positions,
    normEpsilon: file.layer_norm_epsilon,
    activation: activation === 'gelu' || activation === 'relu' ? activation : 'gelu_new',
    tiedEmbeddings: file.tie_word_embeddings,
    ...specialTokens(file, { bos: 50256, eos: 50256 }),
  };
}

/** The fields of config.json that only this family has. */
export function serializeGpt2Config(config: Gpt2Config): Readonly<Record<string, unknown>> {
  return {
    n_embd: config.hiddenSize,
    n_inner: config.intermediateSize,
    n_layer: config.layers,
    n_head: config.heads,
    n_positions: config.contextLength,
    n_ctx: config.contextLength,
    layer_norm_epsilon: config.normEpsilon,
    activation_function: config.activation,
    scale_attn_weights: true,
  };
}
