import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { type TextChange, textAfter, textBefore, textChanges } from '#lib/domain/text-changes';

function check(before: string, after: string): TextChange[] {
  const changes = textChanges(before, after);
  expect(textBefore(changes)).toBe(before);
  expect(textAfter(changes)).toBe(after);
  changes.forEach(([op, text], index) => {
    expect(text).not.toBe('');
    expect(op).not.toBe(changes[index - 1]?.[0]);
  });
  return changes;
}

describe('textChanges', () => {
  it.each<[string, string, string, TextChange[]]>([
    ['nothing', '', '', []],
    ['the same', 'a b', 'a b', [[0, 'a b']]],
    ['all new', '', 'a b', [[1, 'a b']]],
    ['all gone', 'a b', '', [[-1, 'a b']]],
    [
      'one word',
      'the cat sat',
      'the dog sat',
      [
        [0, 'the '],
        [-1, 'cat'],
        [1, 'dog'],
        [0, ' sat'],
      ],
    ],
    [
      'words in a row as one change',
      'x one two y',
      'x un deux y',
      [
        [0, 'x '],
        [-1, 'one two'],
        [1, 'un deux'],
        [0, ' y'],
      ],
    ],
    [
      'a word put in',
      'a c',
      'a b c',
      [
        [0, 'a '],
        [1, 'b '],
        [0, 'c'],
      ],
    ],
    [
      'punctuation alone',
      'Yes, he is.',
      'Yes, he is!',
      [
        [0, 'Yes, he is'],
        [-1, '.'],
        [1, '!'],
      ],
    ],
    [
      'Chinese by the character',
      '我爱猫',
      '我爱狗',
      [
        [0, '我爱'],
        [-1, '猫'],
        [1, '狗'],
      ],
    ],
    [
      'a letter with its combining mark',
      'cafe',
      'cafe\u0301',
      [
        [-1, 'cafe'],
        [1, 'cafe\u0301'],
      ],
    ],
    [
      'a family, not its members',
      '👨‍👩‍👧 go',
      '👨‍👩‍👦 go',
      [
        [-1, '👨‍👩‍👧'],
        [1, '👨‍👩‍👦'],
        [0, ' go'],
      ],
    ],
    [
      'flags',
      '🇫🇷🇩🇪',
      '🇫🇷🇮🇹',
      [
        [0, '🇫🇷'],
        [-1, '🇩🇪'],
        [1, '🇮🇹'],
      ],
    ],
    [
      'right to left',
      'אני אוהב חתול',
      'אני אוהב כלב',
      [
        [0, 'אני אוהב '],
        [-1, 'חתול'],
        [1, 'כלב'],
      ],
    ],
    [
      'line ends',
      'a\r\nb',
      'a\nb',
      [
        [0, 'a'],
        [-1, '\r\n'],
        [1, '\n'],
        [0, 'b'],
      ],
    ],
    [
      'half a surrogate pair',
      'a\ud800b',
      'a\ud801b',
      [
        [0, 'a'],
        [-1, '\ud800'],
        [1, '\ud801'],
        [0, 'b'],
      ],
    ],
  ])('shows %s', (_, before, after, changes) => {
    expect(check(before, after)).toEqual(changes);
  });

  it('joins back to both texts, whatever they are, and is the same each time', () => {
    const random = createRandom(7);
    const letters = ['a', 'b', ' ', '  ', '\n', 'é', 'e\u0301', '猫', '🙂', '👍🏽', '.', 'ا', '\u202e', '\ud800'];
    const text = () => Array.from({ length: random.integer(40) }, () => letters[random.integer(letters.length)]).join('');
    for (let round = 0; round < 300; round += 1) {
      const [before, after] = [text(), text()];
      expect(check(before, after)).toEqual(textChanges(before, after));
    }
  });

  it('finds single changes in a text of a megabyte', () => {
    const words = Array.from({ length: 160_000 }, (_, index) => `w${(index * 7919) % 50_021}`);
    const changed = words.with(40_000, 'one').with(120_000, 'two').toSpliced(80_000, 3);
    const changes = check(words.join(' '), changed.join(' '));
    expect(words.join(' ').length).toBeGreaterThan(1_000_000);
    expect(changes.filter(([op]) => op === 1)).toEqual([
      [1, 'one'],
      [1, 'two'],
    ]);
    expect(changes.filter(([op]) => op === -1)).toHaveLength(3);
  });

  it('ends on a megabyte of the same few words, and on two texts that share nothing', () => {
    check('ab '.repeat(350_000), 'ba '.repeat(350_000));
    const nested = Array.from({ length: 100_000 }, (_, index) => `w${Math.abs(50_000 - index)}`);
    check(nested.join(' '), [...nested].sort().join(' '));
    check('x'.repeat(1_000_000), 'y'.repeat(1_000_000));
  });
});
