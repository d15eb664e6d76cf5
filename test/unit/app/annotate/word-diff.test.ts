import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differing, words } from '../../../../app/p/[project]/annotate/_state/word-diff';

function marked(base: string, other: string): string[] {
  const found = words(other);
  const flags = differing(
    words(base).map((word) => word.text),
    found.map((word) => word.text),
  );
  return found.filter((_, index) => flags[index]).map((word) => word.text);
}

/** Length of the longest common subsequence, by the textbook recurrence. */
function lcs(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    b.forEach((y, j) => {
      next.push(x === y ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0));
    });
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe('word differences', () => {
  it('marks what the other text has instead', () => {
    expect(marked('The cat sat on the mat.', 'The dog sat on a mat!')).toEqual(['dog', 'a']);
    expect(marked('one two three', 'one two three')).toEqual([]);
    expect(marked('', 'one two')).toEqual(['one', 'two']);
    expect(marked('one two', '')).toEqual([]);
  });

  it('finds words in Chinese', () => {
    expect(
      words('天空是蓝色的。', 'zh')
        .map((word) => word.text)
        .join(''),
    ).toBe('天空是蓝色的');
    expect(marked('天空是蓝色的', '天空是红色的').length).toBeGreaterThan(0);
  });

  it('gives offsets into the text', () => {
    const text = 'Feed it: equal weights.';
    for (const word of words(text)) expect(text.slice(word.start, word.end)).toBe(word.text);
  });

  it('leaves exactly the words outside a longest common subsequence', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(list, list, (base, other) => {
        const flags = differing(base, other);
        expect(flags.filter((flag) => !flag)).toHaveLength(lcs(base, other));
      }),
    );
  });

  it('anchors long texts on words that occur once', () => {
    const base = Array.from({ length: 5000 }, (_, index) => `w${index}`);
    const other = base.map((word, index) => (index % 100 === 0 ? `changed${index}` : word));
    const flags = differing(base, other);
    expect(flags.flatMap((flag, index) => (flag ? [index] : []))).toEqual(Array.from({ length: 50 }, (_, index) => index * 100));
  });

  it('gives up on long texts without anchors by marking, quickly', () => {
    const base = Array.from({ length: 20_000 }, (_, index) => (index % 2 === 0 ? 'a' : 'b'));
    const other = Array.from({ length: 20_000 }, (_, index) => (index % 3 === 0 ? 'b' : 'c'));
    const started = performance.now();
    expect(differing(base, other)).toHaveLength(20_000);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});
