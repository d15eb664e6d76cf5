import { z } from 'zod';
import { configError, parseFields, positiveWhole } from './read-config';

/** How rotary angles are changed for contexts that are longer than those of the first training. Names and formulas of transformers 4.57. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  /** Changes angles only beyond the context length, so never here. */
  | { readonly type: 'dynamic'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContextLength: number;
    }
  /** YaRN (Peng et al. 2023); cos and sin are multiplied by `attentionFactor`. */
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly attentionFactor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalContextLength: number;
      readonly truncate: boolean;
    };

export interface RopeConfig {
  readonly theta: number;
  readonly scaling: RopeScaling | null;
}

const common = {
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.literal(1).nullish(),
};
const factor = z.number().min(1);

/** Strict: an unknown field could change the angles. */
const schemas = {
  default: z.strictObject(common),
  linear: z.strictObject({ ...common, factor }),
  dynamic: z.strictObject({ ...common, factor, original_max_position_embeddings: positiveWhole.optional() }),
  llama3: z.strictObject({
    ...common,
    factor,
    low_freq_factor: z.number().positive(),
    high_freq_factor: z.number().positive(),
    original_max_position_embeddings: positiveWhole,
  }),
  yarn: z.strictObject({
    ...common,
    factor,
    attention_factor: z.number().positive().nullish(),
    beta_fast: z.number().positive().nullish(),
    beta_slow: z.number().positive().nullish(),
    mscale: z.number().nullish(),
    mscale_all_dim: z.number().nullish(),
    original_max_position_embeddings: positiveWhole.nullish(),
    truncate: z.boolean().optional(),
  }),
} as const;

const ropeFields = z.object({
  rope_theta: z.number().positive().nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
});

/** Attention temperature of YaRN, equation 22, as a factor of cos and sin. */
function yarnScale(factorOfContext: number, scale = 1): number {
  return factorOfContext <= 1 ? 1 : 0.1 * scale * Math.log(factorOfContext) + 1;
}

function parseScaling(given: Readonly<Record<string, unknown>>, where: string, contextLength: number, source: string): RopeScaling | null {
  const named = given.rope_type ?? given.type ?? 'default';
  const type = typeof named === 'string' ? named : JSON.stringify(named);
  if (given.rope_type !== undefined && given.type !== undefined && given.rope_type !== given.type)
    throw configError(source, `${where} names two types, ${JSON.stringify(given.rope_type)} and ${JSON.stringify(given.type)}.`, where);
  switch (type) {
    case 'default':
      parseFields(schemas.default, given, source, where);
      return null;
    case 'linear':
    case 'dynamic':
      return { type, factor: parseFields(schemas[type], given, source, where).factor };
    case 'llama3': {
      const file = parseFields(schemas.llama3, given, source, where);
      if (file.high_freq_factor <= file.low_freq_factor)
        throw configError(source, `${where}.high_freq_factor has to be larger than low_freq_factor.`, `${where}.high_freq_factor`);
      return {
        type,
        factor: file.factor,
        lowFrequencyFactor: file.low_freq_factor,
        highFrequencyFactor: file.high_freq_factor,
        originalContextLength: file.original_max_position_embeddings,
      };
    }
    case 'yarn': {
      const file = parseFields(schemas.yarn, given, source, where);
      const derived =
        file.mscale && file.mscale_all_dim
          ? yarnScale(file.factor, file.mscale) / yarnScale(file.factor, file.mscale_all_dim)
          : yarnScale(file.factor);
      return {
        type,
        factor: file.factor,
        attentionFactor: file.attention_factor ?? derived,
        betaFast: file.beta_fast ?? 32,
        betaSlow: file.beta_slow ?? 1,
        originalContextLength: file.original_max_position_embeddings ?? contextLength,
        truncate: file.truncate ?? true,
      };
    }
    default:
      throw configError(source, `${where} asks for ${JSON.stringify(type)}; known are default, linear, dynamic, llama3 and yarn.`, where);
  }
}

/** `rope_theta` with `rope_scaling`, or the newer `rope_parameters` that hold both. Throws BAD_INPUT naming the field. */
export function parseRope(json: Readonly<Record<string, unknown>>, contextLength: number, source: string): RopeConfig {
  const file = parseFields(ropeFields, json, source);
  const older = file.rope_scaling ? parseScaling(file.rope_scaling, 'rope_scaling', contextLength, source) : null;
  const newer = file.rope_parameters ? parseScaling(file.rope_parameters, 'rope_parameters', contextLength, source) : null;
  if (file.rope_scaling && file.rope_parameters && JSON.stringify(older) !== JSON.stringify(newer))
    throw configError(source, 'rope_scaling and rope_parameters ask for different angles.', 'rope_parameters');
  const within = z
    .number()
    .positive()
    .nullish()
    .parse((file.rope_parameters ?? file.rope_scaling)?.rope_theta);
  if (file.rope_theta && within && file.rope_theta !== within)
    throw configError(source, `rope_theta is ${file.rope_theta} in one place and ${within} in another.`, 'rope_theta');
  return { theta: file.rope_theta ?? within ?? 10_000, scaling: older ?? newer };
}

export function serializeRope(rope: RopeConfig): { rope_theta: number; rope_scaling: Readonly<Record<string, unknown>> | null } {
  return { rope_theta: rope.theta, rope_scaling: rope.scaling && serializeScaling(rope.scaling) };
}

function serializeScaling(scaling: RopeScaling): Readonly<Record<string, unknown>> {
  const named = { rope_type: scaling.type, factor: scaling.factor };
  switch (scaling.type) {
    case 'linear':
    case 'dynamic':
      return named;
    case 'llama3':
      return {
        ...named,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalContextLength,
      };
    case 'yarn':
      return {
        ...named,
        attention_factor: scaling.attentionFactor,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        original_max_position_embeddings: scaling.originalContextLength,
        truncate: scaling.truncate,
      };
  }
}
