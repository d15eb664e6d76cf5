import { z } from 'zod';
import { AppError } from '#lib/errors';

/** What tokenizer_config.json says beyond tokenizer.json. */
export interface TokenizerConfig {
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly padToken: string | null;
  readonly unkToken: string | null;
  readonly additionalSpecialTokens: readonly string[];
  /** By name; the usual one is `default`. */
  readonly chatTemplates: Readonly<Record<string, string>>;
  /** The one for conversations without tools; null where the model has none. */
  readonly chatTemplate: string | null;
}

/** A token is written as its text, or as an object that holds it. */
const token = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish()
  .transform((text) => text ?? null);

const configSchema = z.looseObject({
  bos_token: token,
  eos_token: token,
  pad_token: token,
  unk_token: token,
  additional_special_tokens: z.array(token).nullish(),
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
});

/**
 * tokenizer_config.json, and chat_template.jinja where the folder has one: newer folders keep the template there, and it goes first.
 * Throws BAD_INPUT naming `source` and the field.
 */
export function parseTokenizerConfig(configJson: string, source: string, chatTemplateFile?: string): TokenizerConfig {
  const bad = (message: string) =>
    new AppError('BAD_INPUT', `${source}: ${message}.`, {
      details: { file: source },
      remedy: 'Give the tokenizer_config.json of the model.',
    });
  let json: unknown;
  try {
    json = JSON.parse(configJson);
  } catch (error) {
    throw bad(`the file is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) throw bad(`${parsed.error.issues[0]?.path.join('.') || 'the file'} is not as expected`);
  const config = parsed.data;
  const written = config.chat_template;
  const chatTemplates: Record<string, string> =
    typeof written === 'string' ? { default: written } : Object.fromEntries((written ?? []).map(({ name, template }) => [name, template]));
  if (chatTemplateFile !== undefined) chatTemplates.default = chatTemplateFile;
  return {
    bosToken: config.bos_token,
    eosToken: config.eos_token,
    padToken: config.pad_token,
    unkToken: config.unk_token,
    additionalSpecialTokens: (config.additional_special_tokens ?? []).filter((text) => text !== null),
    chatTemplates,
    chatTemplate: chatTemplates.default ?? null,
  };
}
