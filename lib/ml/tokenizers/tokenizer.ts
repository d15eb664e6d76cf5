import { z } from 'zod';
import { AppError } from '#lib/errors';
import { addedTokenSchema, buildSplitters } from './added-tokens';
import { AlignedText, type Span } from './aligned-text';
import { toByteCharacters } from './byte-alphabet';
import { buildDecoder, isByteLevel } from './decoders';
import { buildNormalizer } from './normalizers';
import { readSurroundings } from './post-processor';
import { buildPreTokenizer } from './pre-tokenizers';
import { buildTokenModel, type TokenSink } from './token-model';

interface EncodeOptions {
  /** The id that starts every text of this model is put first. */
  readonly bos?: boolean;
  /** What tokenizer.json's post-processor asks for is put around the text. Without it, and without `bos`, the text's own tokens only. */
  readonly surroundings?: boolean;
}

interface Encoding {
  readonly ids: number[];
  /**
   * For every id its range in the text, in UTF-16 code units, end exclusive. Tokens that share a character (its bytes) share its range;
   * a token that comes from no character (a prefix blank, BOS) has an empty one.
   */
  readonly offsets: Span[];
}

/** Text to token ids and back, exactly as the model's own tokenizer.json says. */
export interface Tokenizer {
  encode(text: string, options?: EncodeOptions): number[];
  encodeWithOffsets(text: string, options?: EncodeOptions): Encoding;
  /** Special tokens are left out unless `skipSpecial` is false, ids that stand for nothing always. */
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
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  post_processor: z.unknown().optional(),
  decoder: z.unknown().optional(),
  model: z.looseObject({}),
});

const usualNames = {
  bos: ['<s>', '<|begin_of_text|>', '<bos>', '<|endoftext|>'],
  eos: ['</s>', '<|end_of_text|>', '<|im_end|>', '<eos>', '<|endoftext|>'],
  pad: ['<pad>', '[PAD]', '<|finetune_right_pad_id|>'],
};

function parseFile(tokenizerJson: string, refuse: (message: string) => Error) {
  let json: unknown;
  try {
    json = JSON.parse(tokenizerJson);
  } catch (error) {
    throw refuse(`the file is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = tokenizerFile.safeParse(json);
  if (parsed.success) return parsed.data;
  throw refuse(`${parsed.error.issues[0]?.path.join('.') || 'the file'} is missing or not as expected: this is no tokenizer.json`);
}

/** Throws BAD_INPUT naming `source` where the text is not a tokenizer.json that can be run. */
export function loadTokenizer(tokenizerJson: string, source: string, special?: SpecialTokenIds): Tokenizer {
  const refuse = (message: string) =>
    new AppError('BAD_INPUT', `${source}: ${message}.`, {
      details: { file: source },
      remedy: 'Give the tokenizer.json of the model (the "fast" tokenizer).',
    });
  const file = parseFile(tokenizerJson, refuse);
  const normalize = buildNormalizer(file.normalizer, refuse);
  const preTokenize = buildPreTokenizer(file.pre_tokenizer, refuse);
  const model = buildTokenModel(file.model, refuse);
  const decodePieces = buildDecoder(file.decoder, refuse);
  const surroundings = readSurroundings(file.post_processor, refuse);
  const split = buildSplitters(file.added_tokens, normalize, (text) => AlignedText.of(text, 0, false));

  const pieces: string[] = [];
  for (const [piece, id] of model.vocabulary) pieces[id] = piece;
  for (const { id, content } of file.added_tokens) pieces[id] = content;
  // bytes are what a byte-level decoder reads: an added token such as U+00FC would be taken for the byte FC
  const decoded = [...pieces];
  if (isByteLevel(file.decoder)) for (const { id, content } of file.added_tokens) decoded[id] = toByteCharacters(content);
  const specialIds = new Set(file.added_tokens.filter((token) => token.special).map((token) => token.id));
  const added = new Map(file.added_tokens.map((token) => [token.content, token.id]));
  const named = (names: readonly string[]) => names.map((name) => added.get(name)).find((id) => id !== undefined);
  const bosId = special?.bosTokenId ?? named(usualNames.bos) ?? 0;
  const eosId = special?.eosTokenId ?? named(usualNames.eos) ?? bosId;

  /** Calls `word` for each word and `token` for each added token, in order. */
  function walk(text: string, tracked: boolean, word: (word: AlignedText) => void, token: (id: number, at: AlignedText) => void): void {
    for (const outer of split.asWritten(AlignedText.of(text, 0, tracked))) {
      if (outer.id !== undefined) {
        token(outer.id, outer.text);
        continue;
      }
      for (const inner of split.normalized(normalize(outer.text))) {
        if (inner.id !== undefined) token(inner.id, inner.text);
        else if (inner.text.text !== '') for (const found of preTokenize(inner.text)) if (found.text !== '') word(found);
      }
    }
  }

  function around(options: EncodeOptions): { before: readonly number[]; after: readonly number[] } {
    if (options.surroundings) return surroundings;
    return { before: options.bos ? [bosId] : [], after: [] };
  }

  return {
    vocabularySize: pieces.length,
    bosId,
    eosId,
    padId: special?.padTokenId ?? named(usualNames.pad) ?? eosId,
    encode(text, options = {}) {
      const { before, after } = around(options);
      const sink: TokenSink = { ids: [...before], spans: [] };
      walk(
        text,
        false,
        (word) => model.tokenize(word.text, sink),
        (id) => sink.ids.push(id),
      );
      sink.ids.push(...after);
      return sink.ids;
    },
    encodeWithOffsets(text, options = {}) {
      const { before, after } = around(options);
      const ids = [...before];
      const offsets: Span[] = before.map(() => [0, 0]);
      walk(
        text,
        true,
        (word) => {
          const sink: TokenSink = { ids: [], spans: [] };
          model.tokenize(word.text, sink);
          sink.ids.forEach((id, index) => {
            ids.push(id);
            offsets.push(word.span(sink.spans[2 * index] as number, sink.spans[2 * index + 1] as number));
          });
        },
        (id, at) => {
          ids.push(id);
          offsets.push(at.span(0, at.text.length));
        },
      );
      for (const id of after) {
        ids.push(id);
        offsets.push([text.length, text.length]);
      }
      return { ids, offsets };
    },
    decode(ids, options = {}) {
      const skipSpecial = options.skipSpecial ?? true;
      const kept: string[] = [];
      for (const id of ids) {
        const piece = decoded[id];
        if (piece !== undefined && !(skipSpecial && specialIds.has(id))) kept.push(piece);
      }
      return kept.length === 0 ? '' : decodePieces(kept).join('');
    },
    pieceOf: (id) => pieces[id],
  };
}
