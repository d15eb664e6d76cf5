import { z } from 'zod';
import { buildBytePairModel } from './byte-pair-model';
import type { Refuse } from './pattern';
import { buildUnigramModel } from './unigram-model';
import { buildWordPieceModel } from './word-piece-model';

/** Where tokens go: ids, and for each id its first and last code unit of the word, as two numbers. */
export interface TokenSink {
  readonly ids: number[];
  readonly spans: number[];
}

export interface TokenModel {
  /** Adds the tokens of one word to the sink. */
  tokenize(word: string, sink: TokenSink): void;
  readonly vocabulary: ReadonlyMap<string, number>;
}

const modelSchema = z.looseObject({ type: z.string().optional() });

/** @throws what `refuse` makes, where the kind is unknown or a part is missing */
export function buildTokenModel(written: unknown, refuse: Refuse): TokenModel {
  const model = modelSchema.safeParse(written);
  if (!model.success) throw refuse('model is missing or not as expected: this is no tokenizer.json');
  const fields = model.data;
  // files older than the field: only byte pairs have merges, only unigram has a list
  const type = fields.type ?? ('merges' in fields ? 'BPE' : Array.isArray(fields.vocab) ? 'Unigram' : 'WordPiece');
  switch (type) {
    case 'BPE':
      return buildBytePairModel(fields, refuse);
    case 'Unigram':
      return buildUnigramModel(fields, refuse);
    case 'WordPiece':
      return buildWordPieceModel(fields, refuse);
    default:
      throw refuse(`the model is ${JSON.stringify(type)}; BPE, Unigram and WordPiece are known`);
  }
}
