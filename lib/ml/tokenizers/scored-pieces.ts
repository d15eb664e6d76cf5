import type { SentencePiece } from '#lib/formats/sentencepiece';

export interface PieceTokenizerSettings {
  readonly type: 'unigram' | 'bpe';
  /** Blanks are written as U+2581. */
  readonly pieces: readonly SentencePiece[];
  readonly byteFallback: boolean;
  readonly unkId: number;
  /** Put before every text; -1 for none. */
  readonly bosId: number;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly precompiledCharsmap: Uint8Array;
}

/** Every way to join two pieces into a third, the best score first: merging by rank is then SentencePiece's merging by score. */
function deriveMerges(pieces: readonly SentencePiece[]): [string, string][] {
  const usable = (piece: SentencePiece) => piece.kind === 'normal';
  const ids = new Map(pieces.flatMap((piece, id) => (usable(piece) ? [[piece.text, id] as const] : [])));
  const merges: { left: string; right: string; score: number; leftId: number; rightId: number }[] = [];
  for (const piece of pieces) {
    if (!usable(piece)) continue;
    const characters = Array.from(piece.text);
    for (let cut = 1; cut < characters.length; cut += 1) {
      const left = characters.slice(0, cut).join('');
      const right = characters.slice(cut).join('');
      const leftId = ids.get(left);
      const rightId = ids.get(right);
      if (leftId === undefined || rightId === undefined) continue;
      merges.push({ left, right, score: piece.score, leftId, rightId });
    }
  }
  merges.sort((a, b) => b.score - a.score || a.leftId - b.leftId || a.rightId - b.rightId);
  return merges.map(({ left, right }) => [left, right]);
}

function normalizers(settings: PieceTokenizerSettings): object[] {
  const steps: object[] = [];
  if (settings.precompiledCharsmap.length > 0) {
    steps.push({ type: 'Precompiled', precompiled_charsmap: Buffer.from(settings.precompiledCharsmap).toString('base64') });
  }
  if (settings.removeExtraWhitespaces) {
    // SentencePiece trims blanks only, not the line breaks that Strip would take too
    const remove = (pattern: string, content: string) => ({ type: 'Replace', pattern: { Regex: pattern }, content });
    steps.push(remove('\\A +| +\\z', ''), remove(' {2,}', ' '));
  }
  if (settings.addDummyPrefix) steps.push({ type: 'Prepend', prepend: '\u2581' });
  return [...steps, { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' }];
}

function beginWith(id: number, text: string): object {
  const special = (type: number) => ({ SpecialToken: { id: text, type_id: type } });
  const sequence = (name: string, type: number) => ({ Sequence: { id: name, type_id: type } });
  return {
    type: 'TemplateProcessing',
    single: [special(0), sequence('A', 0)],
    pair: [special(0), sequence('A', 0), special(1), sequence('B', 1)],
    special_tokens: { [text]: { id: text, ids: [id], tokens: [text] } },
  };
}

/** tokenizer.json of a SentencePiece vocabulary: a space put before the text and taken away after decoding. */
export function pieceTokenizerJson(settings: PieceTokenizerSettings): string {
  const { pieces } = settings;
  const added = pieces.flatMap(({ text, kind }, id) =>
    kind === 'unknown' || kind === 'control' || kind === 'user-defined'
      ? [{ id, content: text, single_word: false, lstrip: false, rstrip: false, normalized: false, special: kind !== 'user-defined' }]
      : [],
  );
  const strip = settings.addDummyPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: { type: 'Sequence', normalizers: normalizers(settings) },
    pre_tokenizer: null,
    post_processor: settings.bosId >= 0 ? beginWith(settings.bosId, pieces[settings.bosId]?.text ?? '') : null,
    decoder: {
      type: 'Sequence',
      decoders: [{ type: 'Replace', pattern: { String: '\u2581' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }, ...strip],
    },
    model:
      settings.type === 'bpe'
        ? {
            type: 'BPE',
            dropout: null,
            unk_token: pieces[settings.unkId]?.text ?? null,
            continuing_subword_prefix: null,
            end_of_word_suffix: null,
            fuse_unk: true,
            byte_fallback: settings.byteFallback,
            ignore_merges: false,
            vocab: Object.fromEntries(pieces.map(({ text }, id) => [text, id])),
            merges: deriveMerges(pieces),
          }
        : {
            type: 'Unigram',
            unk_id: settings.unkId,
            vocab: pieces.map(({ text, score }) => [text, score]),
            byte_fallback: settings.byteFallback,
          },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}
