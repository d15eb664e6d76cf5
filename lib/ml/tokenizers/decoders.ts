import { z } from 'zod';
import { decodeByteLevel } from './byte-alphabet';
import { byteOfPiece } from './byte-fallback';
import { compilePattern, type Refuse } from './pattern';

/** Pieces to pieces of text, which are then joined. */
export type Decoder = (pieces: readonly string[]) => readonly string[];

const named = z.looseObject({ type: z.string() });
const schemas = {
  WordPiece: z.looseObject({ prefix: z.string().default('##'), cleanup: z.boolean().default(true) }),
  Metaspace: z.looseObject({
    replacement: z.string().default('\u2581'),
    prepend_scheme: z.string().optional(),
    add_prefix_space: z.boolean().optional(),
  }),
  BPEDecoder: z.looseObject({ suffix: z.string().default('</w>') }),
  Replace: z.looseObject({ pattern: z.unknown(), content: z.string() }),
  Strip: z.looseObject({ content: z.string().min(1), start: z.number().int().nonnegative(), stop: z.number().int().nonnegative() }),
  Sequence: z.looseObject({ decoders: z.array(z.unknown()) }),
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Runs of byte pieces to text; where they are no UTF-8, one U+FFFD a byte. */
function byteFallback(pieces: readonly string[]): string[] {
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      out.push(utf8.decode(Uint8Array.from(bytes)));
    } catch {
      for (const _ of bytes) out.push('\ufffd');
    }
    bytes = [];
  };
  for (const piece of pieces) {
    const byte = byteOfPiece(piece);
    if (byte >= 0) {
      bytes.push(byte);
      continue;
    }
    flush();
    out.push(piece);
  }
  flush();
  return out;
}

function strip(text: string, content: string, start: number, stop: number): string {
  let from = 0;
  let to = text.length;
  for (let index = 0; index < start && text.startsWith(content, from); index += 1) from += content.length;
  for (let index = 0; index < stop && to - content.length >= from && text.endsWith(content, to); index += 1) to -= content.length;
  return text.slice(from, to);
}

/** English punctuation without the blanks that WordPiece puts before it. */
function cleanUp(text: string): string {
  return text
    .replaceAll(/ ([.?!,])/g, '$1')
    .replaceAll(" ' ", "'")
    .replaceAll(/ (n't|'m|'s|'ve|'re)/g, '$1');
}

/** Whether pieces are read as bytes. */
export function isByteLevel(written: unknown): boolean {
  const sequence = schemas.Sequence.safeParse(written);
  return sequence.success ? sequence.data.decoders.some(isByteLevel) : named.safeParse(written).data?.type === 'ByteLevel';
}

/** @throws what `refuse` makes, where the kind is unknown or a setting is not as expected */
export function buildDecoder(written: unknown, refuse: Refuse): Decoder {
  if (written === null || written === undefined) return (pieces) => [pieces.join(' ')];
  const type = named.safeParse(written).data?.type;
  const settings = <T>(schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(written);
    if (parsed.success) return parsed.data;
    throw refuse(`the decoder ${type} has no usable ${parsed.error.issues[0]?.path.join('.')}`);
  };
  switch (type) {
    case 'ByteLevel':
      return (pieces) => [decodeByteLevel(pieces)];
    case 'ByteFallback':
      return byteFallback;
    case 'Fuse':
      return (pieces) => [pieces.join('')];
    case 'Replace': {
      const { pattern, content } = settings(schemas.Replace);
      const compiled = compilePattern(pattern, refuse);
      return (pieces) => pieces.map((piece) => piece.replaceAll(compiled, () => content));
    }
    case 'Strip': {
      const { content, start, stop } = settings(schemas.Strip);
      return (pieces) => pieces.map((piece) => strip(piece, content, start, stop));
    }
    case 'Metaspace': {
      const { replacement, prepend_scheme: scheme, add_prefix_space: addPrefixSpace } = settings(schemas.Metaspace);
      const prepended = scheme === undefined ? addPrefixSpace !== false : scheme !== 'never';
      return (pieces) =>
        pieces.map((piece, index) => {
          const begun = index === 0 && prepended && piece.startsWith(replacement) ? piece.slice(replacement.length) : piece;
          return begun.replaceAll(replacement, ' ');
        });
    }
    case 'WordPiece': {
      const { prefix, cleanup } = settings(schemas.WordPiece);
      return (pieces) =>
        pieces.map((piece, index) => {
          const joined = index === 0 ? piece : piece.startsWith(prefix) ? piece.slice(prefix.length) : ` ${piece}`;
          return cleanup ? cleanUp(joined) : joined;
        });
    }
    case 'BPEDecoder': {
      const { suffix } = settings(schemas.BPEDecoder);
      return (pieces) => pieces.map((piece, index) => piece.replaceAll(suffix, index === pieces.length - 1 ? '' : ' '));
    }
    case 'Sequence': {
      const steps = settings(schemas.Sequence).decoders.map((step) => buildDecoder(step, refuse));
      return (pieces) => steps.reduce((current, step) => step(current), pieces);
    }
    default:
      throw refuse(`the decoder is ${JSON.stringify(type)}, which is not known`);
  }
}
