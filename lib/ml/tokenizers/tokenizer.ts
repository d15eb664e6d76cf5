import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { AppError } from '#lib/errors';

/** Text to token ids and back, exactly as the model's own tokenizer.json says. */
export interface Tokenizer {
  /** With `bos`, the id that starts every text of this model is put first. */
  encode(text: string, options?: { readonly bos?: boolean }): number[];
  /** Special tokens are left out unless `skipSpecial` is false. */
  decode(ids: readonly number[], options?: { readonly skipSpecial?: boolean }): string;
  /** The piece of one id as it stands in the vocabulary. */
  pieceOf(id: number): string | undefined;
  /** One more than the highest id. */
  readonly vocabularySize: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
}

/** What config.json says about special tokens; without it they are found by their usual names. */
export interface SpecialTokenIds {
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly padTokenId: number | null;
}

const tokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number().int().nonnegative(), content: z.string() })).default([]),
  model: z.looseObject({ type: z.string().optional(), vocab: z.union([z.record(z.string(), z.number()), z.array(z.unknown())]) }),
});

const usualNames = {
  bos: ['<s>', '<|begin_of_text|>', '<bos>', '<|endoftext|>'],
  eos: ['</s>', '<|end_of_text|>', '<|im_end|>', '<eos>', '<|endoftext|>'],
  pad: ['<pad>', '[PAD]', '<|finetune_right_pad_id|>'],
};

/** Throws BAD_INPUT naming `source` where the text is not a tokenizer.json that can be run. */
export function loadTokenizer(tokenizerJson: string, source: string, special?: SpecialTokenIds): Tokenizer {
  const bad = (message: string) =>
    new AppError('BAD_INPUT', `${source}: ${message}.`, {
      details: { file: source },
      remedy: 'Give the tokenizer.json of the model (the "fast" tokenizer).',
    });
  let json: unknown;
  try {
    json = JSON.parse(tokenizerJson);
  } catch (error) {
    throw bad(`the file is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = tokenizerFile.safeParse(json);
  if (!parsed.success)
    throw bad(`${parsed.error.issues[0]?.path.join('.') || 'the file'} is missing or not as expected: this is no tokenizer.json`);
  let inner: HuggingFaceTokenizer;
  try {
    inner = new HuggingFaceTokenizer(json as object, { clean_up_tokenization_spaces: false });
    inner.encode('a', { add_special_tokens: false });
  } catch (error) {
    throw bad(`the tokenizer cannot be built (${error instanceof Error ? error.message : String(error)})`);
  }
  const added = new Map(parsed.data.added_tokens.map((token) => [token.content, token.id]));
  const named = (names: readonly string[]) => names.map((name) => added.get(name)).find((id) => id !== undefined);
  const { vocab } = parsed.data.model;
  const highest = (Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab))
    .concat([...added.values()])
    .reduce((a, b) => Math.max(a, b), -1);
  const bosId = special?.bosTokenId ?? named(usualNames.bos) ?? 0;
  const eosId = special?.eosTokenId ?? named(usualNames.eos) ?? bosId;
  return {
    vocabularySize: highest + 1,
    bosId,
    eosId,
    padId: special?.padTokenId ?? named(usualNames.pad) ?? eosId,
    encode(text, options = {}) {
      const ids = text === '' ? [] : inner.encode(text, { add_special_tokens: false }).ids;
      return options.bos ? [bosId, ...ids] : [...ids];
    },
    decode(ids, options = {}) {
      if (ids.length === 0) return '';
      return inner.decode([...ids], { skip_special_tokens: options.skipSpecial ?? true, clean_up_tokenization_spaces: false });
    },
    pieceOf: (id) => inner.id_to_token(id),
  };
}
