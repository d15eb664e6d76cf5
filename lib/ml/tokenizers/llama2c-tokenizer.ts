import { AppError } from '#lib/errors';
import type { Llama2cPiece } from '#lib/formats/llama2c';
import { pieceTokenizerJson } from './scored-pieces';

const firstBytePiece = 3;
const firstOrdinaryPiece = 259;

/** Special pieces lose the line breaks that llama2.c writes around them; a space is written as U+2581, as SentencePiece does. */
function pieceTexts(pieces: readonly Llama2cPiece[], source: string): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return pieces.map((piece, id) => {
    try {
      const text = decoder.decode(piece.bytes);
      return id < firstBytePiece ? text.trim() : text.replaceAll(' ', '\u2581');
    } catch {
      throw new AppError('BAD_INPUT', `${source}: piece ${id} is not UTF-8.`, { details: { file: source, piece: id } });
    }
  });
}

/** tokenizer.json of llama2.c's pieces: byte-pair encoding with byte fallback. Throws BAD_INPUT naming the first piece that is another. */
export function llama2cTokenizerJson(pieces: readonly Llama2cPiece[], source: string): string {
  const texts = pieceTexts(pieces, source);
  const expected = ['<unk>', '<s>', '</s>', '<0x00>'];
  expected.forEach((text, id) => {
    if (texts[id] === text) return;
    throw new AppError('BAD_INPUT', `${source}: piece ${id} is ${JSON.stringify(texts[id])}, expected ${text}: not a llama2.c tokenizer.`, {
      details: { file: source, piece: id },
    });
  });
  const kindOf = (id: number) => (id === 0 ? 'unknown' : id < firstBytePiece ? 'control' : id < firstOrdinaryPiece ? 'byte' : 'normal');
  return pieceTokenizerJson({
    type: 'bpe',
    pieces: texts.map((text, id) => ({ text, score: pieces[id]?.score ?? 0, kind: kindOf(id) })),
    byteFallback: true,
    unkId: 0,
    bosId: 1,
    addDummyPrefix: true,
    removeExtraWhitespaces: false,
    precompiledCharsmap: new Uint8Array(),
  });
}
