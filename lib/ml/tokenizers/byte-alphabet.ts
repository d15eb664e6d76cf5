/**
 * The printable alphabet of byte-level vocabularies: bytes that are printable in Latin-1 stand for themselves, the others for
 * U+0100 and on (GPT-2, Radford et al. 2019, `bytes_to_unicode`).
 */
import type { AlignedText, Edit } from './aligned-text';

const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

export const byteCharacters: readonly string[] = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : 0x100 + others++));
})();

const bytesOfCharacters = new Map(byteCharacters.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The words of GPT-2's pre-tokenizer. White space is Unicode's, which JavaScript's `\s` is not. */
export const gpt2Words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

export function toByteCharacters(text: string): string {
  let written = '';
  for (const byte of encoder.encode(text)) written += byteCharacters[byte];
  return written;
}

/** Every character as the characters of its UTF-8 bytes. */
export function byteLevelText(aligned: AlignedText): AlignedText {
  const edits: Edit[] = [];
  for (const match of aligned.text.matchAll(/[^!-~]/gu)) {
    edits.push({ from: match.index, to: match.index + match[0].length, text: toByteCharacters(match[0]) });
  }
  return aligned.replace(edits);
}

/** Tokens to the text of their bytes. A token that is not written in the alphabet stands for its own UTF-8; broken UTF-8 becomes U+FFFD. */
export function decodeByteLevel(tokens: readonly string[]): string {
  const bytes: number[] = [];
  for (const token of tokens) {
    const own = Array.from(token, (character) => bytesOfCharacters.get(character));
    if (own.every((byte) => byte !== undefined)) for (const byte of own) bytes.push(byte);
    else for (const byte of encoder.encode(token)) bytes.push(byte);
  }
  return decoder.decode(Uint8Array.from(bytes));
}
