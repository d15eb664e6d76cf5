import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '#lib/domain/random';

const [dim, hidden, layers, heads, keyValueHeads, contextLength] = [8, 16, 1, 2, 1, 16];
const ordinary = [' ', 'a', 'b', 'c', 'ab', ' a'];

/** A model of 8 by 16 with a vocabulary of 3 special pieces, 256 bytes and a few letters, in the two files of llama2.c. */
export function writeLlama2c(
  folder: string,
  extraPieces: readonly string[] = [],
): { weights: string; tokenizer: string; vocabulary: number } {
  const bytePieces = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const pieces = ['<unk>', '\n<s>\n', '\n</s>\n', ...bytePieces, ...ordinary, ...extraPieces];
  const vocabulary = pieces.length;
  const keyValueDim = (dim / heads) * keyValueHeads;
  const perLayer = 2 * dim + 2 * dim * dim + 2 * keyValueDim * dim + 3 * hidden * dim;
  const floats = vocabulary * dim + layers * perLayer + dim + contextLength * (dim / heads);
  const random = createRandom(7, 'llama2c-fixture');
  const weights = Buffer.alloc(28 + 4 * floats);
  const header = [dim, hidden, layers, heads, keyValueHeads, vocabulary, contextLength];
  for (const [index, value] of header.entries()) weights.writeInt32LE(value, 4 * index);
  for (let index = 0; index < floats; index += 1) weights.writeFloatLE(random.next() - 0.5, 28 + 4 * index);

  const parts: Buffer[] = [Buffer.alloc(4)];
  parts[0]?.writeInt32LE(Math.max(...pieces.map((piece) => Buffer.byteLength(piece))));
  for (const [id, piece] of pieces.entries()) {
    const bytes = Buffer.from(piece);
    const head = Buffer.alloc(8);
    head.writeFloatLE(-id, 0);
    head.writeInt32LE(bytes.length, 4);
    parts.push(head, bytes);
  }
  const files = { weights: path.join(folder, 'tiny.bin'), tokenizer: path.join(folder, 'tok.bin') };
  writeFileSync(files.weights, weights);
  writeFileSync(files.tokenizer, Buffer.concat(parts));
  return { ...files, vocabulary };
}
