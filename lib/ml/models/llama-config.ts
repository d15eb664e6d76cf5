import { z } from 'zod';
import { type CommonConfig, configError, parseFields, positiveWhole, refuseForeignFields, specialTokens, tokenFields } from './read-config';
import { parseRope, type RopeConfig, serializeRope } from './rope-config';

/**
 * A decoder of the llama family (Touvron et al. 2023): RMSNorm, rotary positions, grouped-query attention, SwiGLU. Llama 2 and 3, SmolLM,
 * Mistral, Qwen2 and Qwen3 are this with other options.
 */
export interface LlamaConfig extends CommonConfig {
  readonly family: 'llama';
  readonly modelType: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  readonly rope: RopeConfig;
  /** Which linear layers have a bias: query, key and value; the output of attention; gate, up and down. */
  readonly biases: { readonly attention: boolean; readonly output: boolean; readonly mlp: boolean };
  /** RMSNorm of every query and key head before it turns (Qwen3). */
  readonly qkNorm: boolean;
  /** Kept for writing only: never shorter than the context, so that it hides nothing. */
  readonly slidingWindow: number | null;
}

type ModelType = LlamaConfig['modelType'];

/** What transformers 4.57 takes where config.json leaves the field out. */
const usual: Readonly<Record<ModelType, { keyValueHeads?: number; headSize?: number; bos: number | null; eos: number | null }>> = {
  llama: { bos: 1, eos: 2 },
  mistral: { keyValueHeads: 8, bos: 1, eos: 2 },
  qwen2: { keyValueHeads: 32, bos: null, eos: null },
  qwen3: { keyValueHeads: 32, headSize: 128, bos: null, eos: null },
};

/** The fields of a Hugging Face config.json that are read. */
const llamaFile = z.object({
  vocab_size: positiveWhole,
  hidden_size: positiveWhole,
  intermediate_size: positiveWhole,
  num_hidden_layers: positiveWhole,
  num_attention_heads: positiveWhole,
  num_key_value_heads: positiveWhole.nullish(),
  head_dim: positiveWhole.nullish(),
  max_position_embeddings: positiveWhole,
  rms_norm_eps: z.number().positive(),
  hidden_act: z.enum(['silu', 'swish']).optional(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  tie_word_embeddings: z.boolean().optional(),
  sliding_window: positiveWhole.nullish(),
  use_sliding_window: z.boolean().nullish(),
  max_window_layers: z.number().int().nonnegative().nullish(),
  layer_types: z.array(z.string()).nullish(),
  ...tokenFields,
});

type LlamaFile = z.infer<typeof llamaFile>;

/** The window that some layer uses, or null. */
function windowOf(file: LlamaFile, type: ModelType): number | null {
  if (type === 'llama') return null;
  if (type === 'mistral') return file.sliding_window === undefined ? 4096 : file.sliding_window;
  if (!file.use_sliding_window) return null;
  const fromLayer = file.max_window_layers ?? 28;
  const slides = file.layer_types ? file.layer_types.includes('sliding_attention') : fromLayer < file.num_hidden_layers;
  return slides ? (file.sliding_window ?? (file.sliding_window === undefined ? 4096 : null)) : null;
}

function checkAttention(file: LlamaFile, type: ModelType, source: string): number | null {
  const strange = file.layer_types?.find((name) => name !== 'full_attention' && name !== 'sliding_attention');
  if (strange !== undefined)
    throw configError(source, `layer_types holds ${JSON.stringify(strange)}, which is not supported.`, 'layer_types');
  if (file.layer_types?.includes('sliding_attention') && (type === 'llama' || type === 'mistral'))
    throw configError(source, `layer_types holds "sliding_attention", which ${type} does not have.`, 'layer_types');
  const window = windowOf(file, type);
  if (window !== null && window < file.max_position_embeddings) {
    throw configError(
      source,
      `sliding_window is ${window}, shorter than max_position_embeddings ${file.max_position_embeddings}: attention by a sliding window is not supported. Within ${window} tokens the window hides nothing: set max_position_embeddings to ${window} to run the model so.`,
      'sliding_window',
    );
  }
  return window;
}

function biasesOf(file: LlamaFile, type: ModelType, source: string): LlamaConfig['biases'] {
  // Qwen2 always has them at query, key and value; Mistral never has any
  const fixed = type === 'qwen2' || type === 'mistral';
  if (fixed && file.attention_bias) throw configError(source, `attention_bias is true, which ${type} does not have.`, 'attention_bias');
  if (type !== 'llama' && file.mlp_bias) throw configError(source, `mlp_bias is true, which ${type} does not have.`, 'mlp_bias');
  const attention = file.attention_bias ?? false;
  return { attention: type === 'qwen2' || attention, output: attention, mlp: file.mlp_bias ?? false };
}

/** Throws BAD_INPUT naming the field. */
export function parseLlamaConfig(json: Readonly<Record<string, unknown>>, modelType: ModelType, source: string): LlamaConfig {
  refuseForeignFields(json, source);
  const file = parseFields(llamaFile, json, source);
  const heads = file.num_attention_heads;
  const headSize = file.head_dim ?? usual[modelType].headSize ?? file.hidden_size / heads;
  const keyValueHeads =
    file.num_key_value_heads ?? (file.num_key_value_heads === undefined ? usual[modelType].keyValueHeads : undefined) ?? heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw configError(source, `${heads} heads do not divide a width of ${file.hidden_size} into even parts.`, 'num_attention_heads');
  }
  if (heads % keyValueHeads !== 0) {
    throw configError(source, `${keyValueHeads} key/value heads do not divide ${heads} heads.`, 'num_key_value_heads');
  }
  const slidingWindow = checkAttention(file, modelType, source);
  return {
    family: 'llama',
    modelType,
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    layers: file.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    contextLength: file.max_position_embeddings,
    rope: parseRope(json, file.max_position_embeddings, source),
    normEpsilon: file.rms_norm_eps,
    biases: biasesOf(file, modelType, source),
    qkNorm: modelType === 'qwen3',
    slidingWindow,
    tiedEmbeddings: file.tie_word_embeddings ?? false,
    ...specialTokens(file, usual[modelType]),
  };
}

/** The fields of config.json that only this family has. */
export function serializeLlamaConfig(config: LlamaConfig): Readonly<Record<string, unknown>> {
  const { modelType } = config;
  return {
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    max_position_embeddings: config.contextLength,
    ...serializeRope(config.rope),
    rms_norm_eps: config.normEpsilon,
    hidden_act: 'silu',
    ...(modelType === 'llama' ? { attention_bias: config.biases.attention, mlp_bias: config.biases.mlp } : {}),
    ...(modelType === 'qwen3' ? { attention_bias: config.biases.attention } : {}),
    ...(modelType === 'mistral' ? { sliding_window: config.slidingWindow } : {}),
    ...(modelType === 'qwen2' || modelType === 'qwen3' ? { use_sliding_window: false, sliding_window: null } : {}),
  };
}
