import { parseLlama2cTokenizer } from '#lib/formats/llama2c';
import { parseSentencePieceModel } from '#lib/formats/sentencepiece';
import { llama2cTokenizerJson } from './llama2c-tokenizer';
import { pieceTokenizerJson } from './scored-pieces';

/** tokenizer.json of a SentencePiece `tokenizer.model`. Throws BAD_INPUT naming `source`. */
function sentencePieceTokenizerJson(bytes: Uint8Array, source: string): string {
  return pieceTokenizerJson(parseSentencePieceModel(bytes, source));
}

/**
 * tokenizer.json of a tokenizer file, told by the end of its name: `.model` is SentencePiece's, `.bin` llama2.c's, else it is a
 * tokenizer.json. Throws BAD_INPUT naming `source`.
 */
export function tokenizerJsonOfFile(bytes: Uint8Array, source: string): string {
  if (source.endsWith('.model')) return sentencePieceTokenizerJson(bytes, source);
  if (source.endsWith('.bin')) return llama2cTokenizerJson(parseLlama2cTokenizer(bytes, undefined, source), source);
  return new TextDecoder().decode(bytes);
}
