import { z } from 'zod';
import { AppError } from '#lib/errors';

/** A decoder of the llama family (Touvron et al. 2023): RMSNorm, rotary positions, grouped-query attention, SwiGLU. */
export interface LlamaConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Width of one head; even. */
  readonly headSize: number;
  readonly contextLength: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** True where the output weights are the embedding. */
  readonly tiedEmbeddings: boolean;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  /** All tokens that end an answer; the first is eosTokenId. */
  readonly stopTokenIds: readonly number[];
  readonly padTokenId: number | null;
}

export type ModelKind = 'POLICY' | 'REWARD' | 'VALUE';

const positive = z.number().int().positive();
const tokenId = z.number().int().nonnegative();

/** The fields of a Hugging Face config.json that are read; others are ignored. */
const huggingFaceConfig = z.object({
  model_type: z.literal('llama'),
  architectures: z.array(z.enum(['LlamaForCausalLM', 'LlamaForSequenceClassification'])).min(1),
  vocab_size: positive,
  hidden_size: positive,
  intermediate_size: positive,
  num_hidden_layers: positive,
  num_attention_heads: positive,
  num_key_value_heads: positive.optional(),
  head_dim: positive.nullish(),
  max_position_embeddings: positive,
  rope_theta: z.number().positive().optional(),
  rope_parameters: z.object({ rope_theta: z.number().positive().optional(), rope_type: z.literal('default').optional() }).nullish(),
  rope_scaling: z.null().optional(),
  rms_norm_eps: z.number().positive(),
  hidden_act: z.literal('silu').optional(),
  attention_bias: z.literal(false).optional(),
  mlp_bias: z.literal(false).optional(),
  tie_word_embeddings: z.boolean().optional(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId).min(1)]).nullish(),
  pad_token_id: z.number().int().nullish(),
  plumbline_kind: z.enum(['POLICY', 'REWARD', 'VALUE']).optional(),
});

function bad(source: string, message: string, field?: string): AppError {
  return new AppError('BAD_INPUT', `${source}: ${message}`, {
    details: field === undefined ? { file: source } : { file: source, field },
    remedy: 'Plumbline reads models of the llama architecture with plain rotary positions and no biases.',
  });
}

/** Throws BAD_INPUT naming the file and the field. */
export function parseConfig(text: string, source: string): { config: LlamaConfig; kind: ModelKind } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad(source, `the file is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  const parsed = huggingFaceConfig.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'the whole file';
    const given = field.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], json);
    if (field === 'model_type' || field.startsWith('architectures')) {
      throw bad(source, `the architecture ${JSON.stringify(given)} is not known.`, field);
    }
    throw bad(source, `${field} is ${JSON.stringify(given)}: ${issue?.message ?? 'not as expected'}.`, field);
  }
  const file = parsed.data;
  const headSize = file.head_dim ?? file.hidden_size / file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? file.num_attention_heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw bad(
      source,
      `${file.num_attention_heads} heads do not divide a width of ${file.hidden_size} into even parts.`,
      'num_attention_heads',
    );
  }
  if (file.num_attention_heads % keyValueHeads !== 0) {
    throw bad(source, `${keyValueHeads} key/value heads do not divide ${file.num_attention_heads} heads.`, 'num_key_value_heads');
  }
  const stopTokenIds = [file.eos_token_id ?? 2].flat();
  const scalar = file.architectures.includes('LlamaForSequenceClassification');
  const kind = file.plumbline_kind ?? (scalar ? 'REWARD' : 'POLICY');
  if ((kind !== 'POLICY') !== scalar)
    throw bad(source, `plumbline_kind ${kind} does not go with ${file.architectures.join(', ')}.`, 'plumbline_kind');
  return {
    kind,
    config: {
      vocabSize: file.vocab_size,
      hiddenSize: file.hidden_size,
      intermediateSize: file.intermediate_size,
      layers: file.num_hidden_layers,
      heads: file.num_attention_heads,
      keyValueHeads,
      headSize,
      contextLength: file.max_position_embeddings,
      ropeTheta: file.rope_theta ?? file.rope_parameters?.rope_theta ?? 10_000,
      normEpsilon: file.rms_norm_eps,
      tiedEmbeddings: file.tie_word_embeddings ?? false,
      bosTokenId: file.bos_token_id ?? 1,
      eosTokenId: stopTokenIds[0] ?? 2,
      stopTokenIds,
      padTokenId: file.pad_token_id === undefined || file.pad_token_id === null || file.pad_token_id < 0 ? null : file.pad_token_id,
    },
  };
}

/** config.json as Hugging Face transformers reads it. */
export function serializeConfig(config: LlamaConfig, kind: ModelKind): string {
  const scalar = kind !== 'POLICY';
  const file = {
    architectures: [scalar ? 'LlamaForSequenceClassification' : 'LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headSize,
    max_position_embeddings: config.contextLength,
    rope_theta: config.ropeTheta,
    rms_norm_eps: config.normEpsilon,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: config.tiedEmbeddings,
    bos_token_id: config.bosTokenId,
    eos_token_id: config.stopTokenIds.length > 1 ? config.stopTokenIds : config.eosTokenId,
    // sequence classification finds the last real token by the padding token
    pad_token_id: config.padTokenId,
    ...(scalar ? { num_labels: 1, id2label: { 0: 'score' }, label2id: { score: 0 } } : {}),
    torch_dtype: 'float32',
    plumbline_kind: kind,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Every tensor that a model of this configuration has, with its shape; names of Hugging Face transformers. */
export function tensorShapes(config: LlamaConfig, kind: ModelKind): Map<string, readonly number[]> {
  const { hiddenSize: d, intermediateSize: f, headSize, heads, keyValueHeads, vocabSize } = config;
  const shapes = new Map<string, readonly number[]>([['model.embed_tokens.weight', [vocabSize, d]]]);
  for (let layer = 0; layer < config.layers; layer += 1) {
    const name = (part: string) => `model.layers.${layer}.${part}.weight`;
    shapes.set(name('input_layernorm'), [d]);
    shapes.set(name('self_attn.q_proj'), [heads * headSize, d]);
    shapes.set(name('self_attn.k_proj'), [keyValueHeads * headSize, d]);
    shapes.set(name('self_attn.v_proj'), [keyValueHeads * headSize, d]);
    shapes.set(name('self_attn.o_proj'), [d, heads * headSize]);
    shapes.set(name('post_attention_layernorm'), [d]);
    shapes.set(name('mlp.gate_proj'), [f, d]);
    shapes.set(name('mlp.up_proj'), [f, d]);
    shapes.set(name('mlp.down_proj'), [d, f]);
  }
  shapes.set('model.norm.weight', [d]);
  if (kind !== 'POLICY') shapes.set('score.weight', [1, d]);
  else if (!config.tiedEmbeddings) shapes.set('lm_head.weight', [vocabSize, d]);
  return shapes;
}
