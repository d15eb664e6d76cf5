import { describe, expect, it } from 'vitest';
import { chunk, packRows, unpackRows } from '#lib/ml/batches';

const options = { padId: 0, contextLength: 40 };

describe('packRows', () => {
  it('pads on the right and points at the position before each response token', () => {
    const packed = packRows(
      [
        { prompt: [1, 5], response: [6, 7, 2] },
        { prompt: [1], response: [8] },
        { prompt: [1, 9, 9], response: [] },
      ],
      options,
    );
    // Longest row: 5 tokens, rounded up to 16.
    expect(packed).toMatchObject({ batch: 3, time: 16 });
    expect([...packed.tokens.slice(0, 7)]).toEqual([1, 5, 6, 7, 2, 0, 0]);
    expect([...packed.predictedFrom]).toEqual([1, 2, 3, 16]);
    expect([...packed.predictedFrom].map((position) => packed.tokens[position + 1])).toEqual([6, 7, 2, 8]);
    expect([...packed.lastTokens]).toEqual([4, 17, 34]);
    expect([...packed.lengths]).toEqual([5, 2, 3]);
    expect(unpackRows([0.1, 0.2, 0.3, 0.4], packed.offsets).map((row) => [...row])).toEqual([[0.1, 0.2, 0.3], [0.4], []]);
  });

  it('never makes a row longer than the context, and refuses one that is', () => {
    const long = (length: number) => packRows([{ prompt: [1], response: Array.from({ length: length - 1 }, () => 3) }], options);
    expect(long(40).time).toBe(40);
    expect(() => long(41)).toThrow(/41 tokens; the model reads at most 40/);
    expect(() => packRows([{ prompt: [], response: [3] }], options)).toThrow(/no tokens/);
  });

  it('cuts into chunks with a rest', () => {
    expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunk([], 2)).toEqual([]);
  });
});
