import { z } from 'zod';

const weight = z.number().default(1);

const pattern = z.string().refine((text) => {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}, 'is no regular expression');

/** Rules that need nothing but the answer. What each gives: rule-rewards.ts. */
const ruleSpec = z.discriminatedUnion('rule', [
  /** Tokens of the answer; with a target, how near it comes to it. */
  z.strictObject({
    rule: z.literal('length'),
    target: z.number().int().positive().nullable().default(null),
    scale: z.number().positive().default(1),
    weight,
  }),
  /** 1 where the text matches, 0 where it does not. */
  z.strictObject({
    rule: z.literal('match'),
    pattern,
    flags: z
      .string()
      .regex(/^[ims]*$/)
      .default(''),
    weight,
  }),
  /** -1 where the text matches, 0 where it does not. */
  z.strictObject({
    rule: z.literal('forbid'),
    pattern,
    flags: z
      .string()
      .regex(/^[ims]*$/)
      .default(''),
    weight,
  }),
  /** Minus the share of the answer's n-grams of tokens that stood in it before. */
  z.strictObject({ rule: z.literal('repetition'), n: z.number().int().min(1).default(3), weight }),
  /** 1 where the model ended the answer itself. */
  z.strictObject({ rule: z.literal('ends'), weight }),
  /** 1 where the answer is what the data expects of this prompt: as text, or as the last number in it. */
  z.strictObject({ rule: z.literal('answer'), compare: z.enum(['text', 'number']).default('text'), weight }),
]);
export type RuleSpec = z.infer<typeof ruleSpec>;

const modelSpec = z.strictObject({
  /** Folder of a reward model, or of an ensemble that was trained together. */
  model: z.string().min(1),
  /** What counts where the folder holds an ensemble. */
  how: z.enum(['mean', 'worst', 'mean-minus-variance']).default('mean'),
  /** Coste et al. 2310.02743 try 0.05 to 1 for PPO. */
  lambda: z.number().min(0).default(0.1),
  weight,
});

const ensembleSpec = z.strictObject({
  ensemble: z.array(z.string().min(1)).min(2),
  how: z.enum(['mean', 'worst', 'mean-minus-variance']).default('mean'),
  lambda: z.number().min(0).default(0.1),
  weight,
});

const httpSpec = z.strictObject({
  http: z.url({ protocol: /^https?$/ }),
  /** Sent with every request, such as `{"authorization": "Bearer ..."}`. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Answers a request. OpenRLHF sends 1. */
  batchSize: z.number().int().min(1).max(1024).default(16),
  /** Requests at a time. */
  concurrency: z.number().int().min(1).max(64).default(4),
  /** OpenRLHF: 180 seconds. Node's client waits 300 for the beginning of an answer. */
  timeoutSeconds: z.number().positive().max(300).default(180),
  /** After a first failure; OpenRLHF: 5 tries in all. */
  retries: z.number().int().min(0).max(20).default(4),
  /** Before the first retry; it doubles each time, up to 30 seconds. */
  backOffSeconds: z.number().min(0).max(60).default(1),
  weight,
});
export type HttpSpec = z.infer<typeof httpSpec>;

const partSchemas = { rule: ruleSpec, model: modelSpec, ensemble: ensembleSpec, http: httpSpec } as const;
export type RewardPart = z.infer<(typeof partSchemas)[keyof typeof partSchemas]>;

/** Issues as they are, with code, path and message. */
function pass(issues: readonly z.core.$ZodIssue[], input: unknown, context: z.RefinementCtx): void {
  for (const issue of issues) context.addIssue({ ...issue, input } as Parameters<typeof context.addIssue>[0]);
}

/** One source, told by its first key, so that what is wrong with it is said exactly. */
const partSpec = z.unknown().transform((value, context): RewardPart => {
  const kind = (['rule', 'model', 'ensemble', 'http'] as const).find((key) => typeof value === 'object' && value !== null && key in value);
  if (kind === undefined) {
    context.addIssue({ code: 'custom', message: 'is no reward: it needs "rule", "model", "ensemble" or "http"', input: value });
    return z.NEVER;
  }
  const parsed = partSchemas[kind].safeParse(value);
  if (parsed.success) return parsed.data;
  pass(parsed.error.issues, value, context);
  return z.NEVER;
});

const partsSpec = z.array(partSpec).min(1, 'has no part');

/** Where rewards come from: one source, or a list of several whose weighted scores are added up. */
export const rewardSpec = z.unknown().transform((value, context): RewardPart | RewardPart[] => {
  const parsed = Array.isArray(value) ? partsSpec.safeParse(value) : partSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  pass(parsed.error.issues, value, context);
  return z.NEVER;
});
export type RewardSpec = z.infer<typeof rewardSpec>;
