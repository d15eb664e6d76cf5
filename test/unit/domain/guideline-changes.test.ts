import { describe, expect, it } from 'vitest';
import { countChanges, guidelineLines } from '#lib/domain/guideline-changes';

function shown(before: string, after: string): string[] {
  return guidelineLines(before, after).map(
    ({ changed, pieces }) =>
      `${changed ? '*' : ' '}${pieces.map(([op, text]) => (op === 0 ? text : op === 1 ? `+${text}+` : `-${text}-`)).join('')}`,
  );
}

describe('what changed in a guideline', () => {
  it('is nothing between the same texts, also where only line ends differ', () => {
    const lines = guidelineLines('One\r\n\r\nTwo\n', 'One\n\nTwo');
    expect(lines.map(({ changed }) => changed)).toEqual([false, false]);
    expect(countChanges(lines)).toBe(0);
  });

  it('marks the words of a line, and counts neighbouring lines as one place', () => {
    const before = 'Best first.\nShort answers win.\n\nBe fair.\nThe end.';
    const after = 'Best first.\nClear answers win.\n\nBe kind and fair.\nThe end.';
    expect(shown(before, after)).toEqual([' Best first.', '*-Short-+Clear+ answers win.', '*Be +kind and +fair.', ' The end.']);
    expect(countChanges(guidelineLines(before, after))).toBe(1);
    expect(countChanges(guidelineLines(`${before}\nZ`, `New\n${after}\nZ`))).toBe(2);
  });

  it('knows an edited line again beside one that came', () => {
    expect(
      shown('One.\n\nA short answer wins.\n\nTies are welcome.', 'One.\n\nAsk back.\n\nOf two, the first.\n\nTies are welcome, also all.'),
    ).toEqual([' One.', '*-A short answer wins.-', '*+Ask back.+', '*+Of two, the first.+', '*Ties are welcome+, also all+.']);
  });

  it('tells lines that came and went, and joins back to both versions', () => {
    const before = 'A\nB\nC';
    const after = 'A\nC\nD 中文规则';
    const lines = guidelineLines(before, after);
    const side = (left: 1 | -1) => lines.flatMap(({ pieces }) => pieces.filter(([op]) => op !== left).map(([, text]) => text)).join('');
    expect(side(1)).toBe(before.replaceAll('\n', ''));
    expect(side(-1)).toBe(after.replaceAll('\n', ''));
    expect(countChanges(lines)).toBe(2);
  });
});
