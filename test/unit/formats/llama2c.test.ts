import { describe, expect, test } from 'vitest';
import { parseLlama2cTokenizer, parseLlama2cWeights } from '#lib/formats/llama2c';

/** dim 4, hidden 6, 1 layer, 2 heads, 1 key/value head, 5 tokens, 3 positions; every value is its index in the file. */
function checkpoint(vocabulary = 5): Uint8Array {
  const header = Int32Array.of(4, 6, 1, 2, 1, vocabulary, 3);
  const tied = 5 * 4 + 4 + 16 + 8 + 8 + 16 + 4 + 24 + 24 + 24 + 4 + 3 * 2;
  const values = Float32Array.from({ length: tied + (vocabulary < 0 ? 20 : 0) }, (_, index) => index);
  return new Uint8Array(Buffer.concat([Buffer.from(header.buffer), Buffer.from(values.buffer)]));
}

describe('llama2.c checkpoint', () => {
  test('finds every tensor at its place', () => {
    const read = parseLlama2cWeights(checkpoint(), 'm.bin');
    expect(read).toMatchObject({
      dim: 4,
      hiddenDim: 6,
      layers: 1,
      heads: 2,
      keyValueHeads: 1,
      vocabularySize: 5,
      contextLength: 3,
      tied: true,
    });
    expect(read.tensors.tokenEmbedding.length).toBe(20);
    expect([read.tensors.rmsAttention[0], read.tensors.wq[0], read.tensors.wk[0], read.tensors.wv[0], read.tensors.wo[0]]).toEqual([
      20, 24, 40, 48, 56,
    ]);
    expect([read.tensors.rmsFeedForward[0], read.tensors.w1[0], read.tensors.w2[0], read.tensors.w3[0], read.tensors.rmsFinal[0]]).toEqual([
      72, 76, 100, 124, 148,
    ]);
    expect(read.tensors.classifier.length).toBe(0);
  });

  test('output weights of their own follow the rotary tables', () => {
    const read = parseLlama2cWeights(checkpoint(-5), 'm.bin');
    expect(read.tied).toBe(false);
    expect(read.tensors.classifier[0]).toBe(158);
  });

  test('refuses what is cut off, too long or something else', () => {
    expect(() => parseLlama2cWeights(checkpoint().slice(0, 20), 'm.bin')).toThrow(/m\.bin: the file has 20 bytes/);
    expect(() => parseLlama2cWeights(checkpoint().slice(0, -4), 'm.bin')).toThrow(
      /m\.bin: the header asks for 660 bytes, but the file has 656/,
    );
    expect(() => parseLlama2cWeights(new Uint8Array([...checkpoint(), 0, 0]), 'm.bin')).toThrow(/but the file has 662/);
    expect(() => parseLlama2cWeights(new Uint8Array(64), 'm.bin')).toThrow(/the header says dim = 0/);
    expect(() =>
      parseLlama2cWeights(
        Uint8Array.from({ length: 64 }, (_, index) => [0x32, 0x34, 0x6b, 0x61][index] ?? 0),
        'm.bin',
      ),
    ).toThrow(/version 1 or 2/);
  });
});

describe('llama2.c tokenizer', () => {
  const bytes = (pieces: readonly [string, number][]) =>
    new Uint8Array(
      Buffer.concat([
        Buffer.from(Int32Array.of(9).buffer),
        ...pieces.map(([text, score]) => {
          const head = Buffer.alloc(8);
          head.writeFloatLE(score, 0);
          head.writeInt32LE(Buffer.byteLength(text), 4);
          return Buffer.concat([head, Buffer.from(text)]);
        }),
      ]),
    );

  test('reads pieces and scores', () => {
    const pieces = parseLlama2cTokenizer(
      bytes([
        ['<unk>', 0],
        ['\u00e9', -1.5],
      ]),
      2,
      't.bin',
    );
    expect(pieces.map(({ score }) => score)).toEqual([0, -1.5]);
    expect(Array.from(pieces[1]?.bytes ?? [])).toEqual([0xc3, 0xa9]);
  });

  test('refuses a tokenizer of another model', () => {
    const two = bytes([
      ['a', 0],
      ['b', 0],
    ]);
    expect(() => parseLlama2cTokenizer(two, 3, 't.bin')).toThrow(/ends after 2 pieces, but the model has 3/);
    expect(() => parseLlama2cTokenizer(two, 1, 't.bin')).toThrow(/9 bytes follow the last of the model's 1 pieces/);
    expect(() => parseLlama2cTokenizer(two.fill(0xff, 8, 12), 2, 't.bin')).toThrow(/piece 0 is broken/);
  });
});
