import { z } from 'zod';
import { AppError } from '#lib/errors';

export function configError(source: string, message: string, field?: string): AppError {
  return new AppError('BAD_INPUT', `${source}: ${message}`, {
    details: field === undefined ? { file: source } : { file: source, field },
    remedy:
      'Plumbline runs Llama 2 and 3, Mistral, Qwen2, Qwen3, SmolLM and GPT-2, without experts, quantisation or a sliding window shorter than the context.',
  });
}

export function readJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw configError(source, `the file is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
}

export function objectOf(json: unknown, source: string): Readonly<Record<string, unknown>> {
  const parsed = z.record(z.string(), z.unknown()).safeParse(json);
  if (!parsed.success) throw configError(source, 'the file holds no JSON object.');
  return parsed.data;
}

/** Throws BAD_INPUT naming the first field that is not as the schema says. */
export function parseFields<T>(schema: z.ZodType<T>, json: unknown, source: string, within = ''): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.code === 'unrecognized_keys' ? [issue.keys[0] ?? ''] : (issue?.path ?? []);
  const given = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json);
  const field = [within, ...path.map(String)].filter(Boolean).join('.') || 'the whole file';
  throw configError(source, `${field} is ${JSON.stringify(given)}: ${issue?.message ?? 'not as expected'}.`, field);
}

export const positiveWhole = z.number().int().positive();
const tokenId = z.number().int().nonnegative();

/** Special tokens, as every config.json names them. A padding id below 0 means that there is none. */
export const tokenFields = {
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId).min(1)]).nullish(),
  pad_token_id: z.number().int().nullish(),
} as const;

type TokenFields = z.infer<z.ZodObject<typeof tokenFields>>;

export interface SpecialTokens {
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly stopTokenIds: readonly number[];
  readonly padTokenId: number | null;
}

/** What the models of every family have. */
export interface CommonConfig extends SpecialTokens {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Divides `heads`. */
  readonly keyValueHeads: number;
  /** Width of one head. heads * headSize need not be hiddenSize. */
  readonly headSize: number;
  readonly contextLength: number;
  readonly normEpsilon: number;
  /** True where the output weights are the embedding. */
  readonly tiedEmbeddings: boolean;
}

/** `usual` stands in where the file leaves a field out (null in the file means that there is none). */
export function specialTokens(file: TokenFields, usual: { bos: number | null; eos: number | null }): SpecialTokens {
  const eos = file.eos_token_id === undefined ? usual.eos : file.eos_token_id;
  const bos = file.bos_token_id === undefined ? usual.bos : file.bos_token_id;
  const stopTokenIds = eos === null ? [] : [eos].flat();
  const pad = file.pad_token_id ?? -1;
  return {
    bosTokenId: bos ?? stopTokenIds[0] ?? 0,
    eosTokenId: stopTokenIds[0] ?? bos ?? 0,
    stopTokenIds,
    padTokenId: pad < 0 ? null : pad,
  };
}

const isAbsent = (value: unknown) => value === null || value === undefined;
const isOne = (value: unknown) => isAbsent(value) || value === 1;
const isOff = (value: unknown) => isAbsent(value) || value === false;
const atMostOne = (value: unknown) => isAbsent(value) || (typeof value === 'number' && value <= 1);

/** Fields of relatives of these architectures that change the result, and the values that leave it as it is. */
const refused: Readonly<Record<string, (value: unknown) => boolean>> = {
  quantization_config: isAbsent,
  num_experts: atMostOne,
  num_local_experts: atMostOne,
  n_routed_experts: atMostOne,
  moe_intermediate_size: isAbsent,
  final_logit_softcapping: isAbsent,
  attn_logit_softcapping: isAbsent,
  query_pre_attn_scalar: isAbsent,
  clip_qkv: isAbsent,
  partial_rotary_factor: isOne,
  rotary_pct: isOne,
  logit_scale: isOne,
  logits_scaling: isOne,
  embedding_multiplier: isOne,
  residual_multiplier: isOne,
  attention_multiplier: isAbsent,
  rope_local_base_freq: isAbsent,
  no_rope_layers: isAbsent,
  attention_chunk_size: isAbsent,
  rope_interleaved: isOff,
  use_mrope: isOff,
  use_qk_norm: isOff,
  use_parallel_residual: isOff,
  is_encoder_decoder: isOff,
  add_cross_attention: isOff,
  alibi: isOff,
};

/** Throws BAD_INPUT naming a field that asks for another computation than the one that would run. */
export function refuseForeignFields(json: Readonly<Record<string, unknown>>, source: string): void {
  for (const [field, isHarmless] of Object.entries(refused)) {
    if (!isHarmless(json[field])) throw configError(source, `${field} is ${JSON.stringify(json[field])}, which is not supported.`, field);
  }
}
