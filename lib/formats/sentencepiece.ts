/**
 * SentencePiece's `tokenizer.model`: the protocol buffer message ModelProto (google/sentencepiece, `sentencepiece_model.proto`).
 * Read: 1 pieces {1 text, 2 score, 3 type}, 2 trainer_spec {3 model_type, 24 whitespace as suffix, 35 byte_fallback, 40 to 43 special ids},
 * 3 normalizer_spec {2 precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces, 5 escape_whitespaces}.
 */
import { AppError } from '#lib/errors';

type SentencePieceKind = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

export interface SentencePiece {
  readonly text: string;
  readonly score: number;
  readonly kind: SentencePieceKind;
}

export interface SentencePieceModel {
  readonly type: 'unigram' | 'bpe';
  readonly pieces: readonly SentencePiece[];
  readonly byteFallback: boolean;
  readonly unkId: number;
  /** -1 where the model has none. */
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** Empty where text is taken as it is. */
  readonly precompiledCharsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
}

const kinds: Readonly<Record<number, SentencePieceKind>> = {
  1: 'normal',
  2: 'unknown',
  3: 'control',
  4: 'user-defined',
  5: 'unused',
  6: 'byte',
};
const modelTypes: Readonly<Record<number, string>> = { 1: 'unigram', 2: 'bpe', 3: 'word', 4: 'char' };

type Bad = (message: string) => AppError;

/** A field of a message: its number, and a whole number, the four bytes of a float, or the bytes of a text or message. */
type Field = readonly [number: number, value: number | Uint8Array];

/** Wire types of protocol buffers: 0 variable-length number, 1 eight bytes, 2 length and bytes, 5 four bytes. */
function* fieldsOf(bytes: Uint8Array, bad: Bad): Generator<Field> {
  let position = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position];
      if (byte === undefined) throw bad('the file is cut off');
      position += 1;
      value |= BigInt(byte & 0x7f) << shift;
      // negative numbers are written as 64 bits
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw bad('the file is no SentencePiece model');
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || position + length > bytes.length) throw bad('the file is cut off');
    position += length;
    return bytes.subarray(position - length, position);
  };
  while (position < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number < 1) throw bad('the file is no SentencePiece model');
    switch (tag % 8) {
      case 0:
        yield [number, varint()];
        break;
      case 1:
        yield [number, take(8)];
        break;
      case 2:
        yield [number, take(varint())];
        break;
      case 5:
        yield [number, take(4)];
        break;
      default:
        throw bad('the file is no SentencePiece model');
    }
  }
}

function numbersOf(message: Uint8Array, bad: Bad): Map<number, number> {
  const found = new Map<number, number>();
  for (const [number, value] of fieldsOf(message, bad)) if (typeof value === 'number') found.set(number, value);
  return found;
}

function readPiece(message: Uint8Array, id: number, bad: Bad): SentencePiece {
  let text = '';
  let score = 0;
  let kind: SentencePieceKind = 'normal';
  for (const [number, value] of fieldsOf(message, bad)) {
    if (number === 1 && value instanceof Uint8Array) {
      try {
        text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
      } catch {
        throw bad(`piece ${id} is not UTF-8`);
      }
    } else if (number === 2 && value instanceof Uint8Array && value.length === 4) {
      score = new DataView(value.buffer, value.byteOffset, 4).getFloat32(0, true);
    } else if (number === 3 && typeof value === 'number') {
      const found = kinds[value];
      if (!found) throw bad(`piece ${id} is of the unknown kind ${value}`);
      kind = found;
    }
  }
  if (Number.isNaN(score)) throw bad(`the score of piece ${id} is not a number`);
  return { text, score, kind };
}

/** Throws BAD_INPUT naming the file where it is cut off, holds no pieces, or needs what is not read (word and character models). */
export function parseSentencePieceModel(bytes: Uint8Array, source: string): SentencePieceModel {
  const bad: Bad = (message) =>
    new AppError('BAD_INPUT', `${source}: ${message}.`, {
      details: { file: source },
      remedy: 'Give the tokenizer.model that SentencePiece wrote, whole.',
    });
  const pieces: SentencePiece[] = [];
  let trainer = new Map<number, number>();
  let normalizer = new Map<number, number>();
  let precompiledCharsmap = new Uint8Array();
  for (const [number, value] of fieldsOf(bytes, bad)) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === 1) pieces.push(readPiece(value, pieces.length, bad));
    if (number === 2) trainer = numbersOf(value, bad);
    if (number === 3) {
      normalizer = numbersOf(value, bad);
      for (const [part, content] of fieldsOf(value, bad)) {
        if (part === 2 && content instanceof Uint8Array) precompiledCharsmap = new Uint8Array(content);
      }
    }
  }
  if (pieces.length === 0) throw bad('the file holds no pieces: this is no SentencePiece model');
  const typeNumber = trainer.get(3) ?? 1;
  const type = modelTypes[typeNumber];
  if (type !== 'unigram' && type !== 'bpe') throw bad(`the model type is ${type ?? typeNumber}; unigram and bpe are read`);
  if (trainer.get(24)) throw bad('the model writes white space as a suffix, which is not read');
  if (normalizer.get(5) === 0) throw bad('the model does not escape white space, which is not read');
  const special = (number: number, usual: number, name: string) => {
    const id = trainer.get(number) ?? usual;
    if (id >= pieces.length) throw bad(`the id of ${name} is ${id}, but the file has ${pieces.length} pieces`);
    return id;
  };
  return {
    type,
    pieces,
    byteFallback: trainer.get(35) === 1,
    unkId: special(40, 0, 'unk'),
    bosId: special(41, 1, 'bos'),
    eosId: special(42, 2, 'eos'),
    padId: special(43, -1, 'pad'),
    precompiledCharsmap,
    addDummyPrefix: normalizer.get(3) !== 0,
    removeExtraWhitespaces: normalizer.get(4) !== 0,
  };
}
