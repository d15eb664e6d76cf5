import { z } from 'zod';
import type { Refuse } from './pattern';
import type { TokenModel } from './token-model';
import { vocabularyMap, vocabularySchema } from './vocabulary';

const schema = z.looseObject({
  vocab: vocabularySchema,
  unk_token: z.string().default('[UNK]'),
  continuing_subword_prefix: z.string().default('##'),
  max_input_chars_per_word: z.number().int().positive().default(100),
});

/** WordPiece (Schuster and Nakajima 2012): from the left, the longest piece that fits; a word with a part that fits nowhere is unknown. */
export function buildWordPieceModel(fields: unknown, refuse: Refuse): TokenModel {
  const parsed = schema.safeParse(fields);
  if (!parsed.success) throw refuse(`model.${parsed.error.issues[0]?.path.join('.')} is missing or not as expected`);
  const { unk_token: unknownPiece, continuing_subword_prefix: prefix, max_input_chars_per_word: longest } = parsed.data;
  const vocabulary = vocabularyMap(parsed.data.vocab, refuse);
  const unknown = vocabulary.get(unknownPiece);
  if (unknown === undefined) throw refuse(`model.unk_token is ${JSON.stringify(unknownPiece)}, which is not in the vocabulary`);

  /** Code units after which a piece may end. */
  const boundaries = (word: string) => {
    const ends = [0];
    for (const character of word) ends.push((ends.at(-1) as number) + character.length);
    return ends;
  };

  return {
    vocabulary,
    tokenize(word, sink) {
      const ends = boundaries(word);
      const found: { id: number; start: number; end: number }[] = [];
      let from = 0;
      while (ends.length - 1 <= longest && from < ends.length - 1) {
        const start = ends[from] as number;
        let to = ends.length - 1;
        let id: number | undefined;
        for (; to > from; to -= 1) {
          id = vocabulary.get((from > 0 ? prefix : '') + word.slice(start, ends[to]));
          if (id !== undefined) break;
        }
        if (id === undefined) break;
        found.push({ id, start, end: ends[to] as number });
        from = to;
      }
      if (from < ends.length - 1) {
        sink.ids.push(unknown);
        sink.spans.push(0, word.length);
        return;
      }
      for (const { id, start, end } of found) {
        sink.ids.push(id);
        sink.spans.push(start, end);
      }
    },
  };
}
