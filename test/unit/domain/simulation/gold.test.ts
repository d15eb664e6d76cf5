import { describe, expect, it } from 'vitest';
import { warmStoryGold } from '#lib/domain/simulation/gold';

const story =
  'Tim was sad because his kite was lost. His friend Mia smiled and said, "Let us look together!" They found it by the old tree and went home.';

/** Whether a sequence goes both up and down somewhere. */
const turns = (values: readonly number[]) => {
  const steps = values.slice(1).map((value, index) => value - values[index]!);
  return steps.some((step) => step > 1e-9) && steps.some((step) => step < -1e-9);
};

describe('warmStoryGold', () => {
  it('adds up its parts', () => {
    const parts = warmStoryGold.parts(story);
    // Warm: friend, smiled, together. Trouble: sad, lost. 27 words, four sentence beginnings, one of them twice nowhere.
    expect(parts.warmth).toBeCloseTo(2 * (1 - Math.exp(-3 / 2.5)), 12);
    expect(parts.trouble).toBeCloseTo(-0.4, 12);
    expect(parts).toMatchObject({ turn: 0.4, ending: 0.4, talk: 0.3, variety: 0.4 });
    const { total, ...rest } = parts;
    expect(total).toBeCloseTo(
      Object.values(rest).reduce((sum, part) => sum + part, 0),
      12,
    );
    expect(warmStoryGold.score(story)).toBe(total);
  });

  it('prefers the warm story to a cut, a sad and a repeating one', () => {
    const others = [
      story.slice(0, 60),
      'The dog was cold and scared and sad and hurt and he cried and was alone in the dark',
      'She was happy. She was happy. She was happy. She was happy. She was happy. She was happy.',
      'happy love friend smile hug kind laugh fun play share',
      '',
    ];
    for (const other of others) expect(warmStoryGold.score(story)).toBeGreaterThan(warmStoryGold.score(other) + 0.3);
  });

  it('is not monotone in the length', () => {
    const filler =
      'a cat saw one tree then two more came by with some red balls over there while every bird flew up above our tall house near that wide river under'.split(
        ' ',
      );
    expect(new Set(filler).size).toBe(filler.length);
    const values = Array.from({ length: 120 }, (_, count) => {
      // Word pairs never repeat: the length alone varies.
      const words = Array.from({ length: count }, (_, index) => filler[(index * (1 + Math.floor(index / filler.length))) % filler.length]);
      return warmStoryGold.parts(words.join(' ')).length;
    });
    expect(turns(values)).toBe(true);
    const whole = Array.from({ length: 4 }, (_, copies) => warmStoryGold.score(`${story} `.repeat(copies)));
    expect(turns(whole)).toBe(true);
  });

  it('is not monotone in the count of any one word', () => {
    const base = 'The boy saw a friend. A bird came by.';
    const words = new Set(
      `happy love friend smiled hugged kind laughed fun played shared proud together helped good best sad cried scared lost the boy a and`.split(
        ' ',
      ),
    );
    for (const word of words) {
      const values = Array.from({ length: 40 }, (_, count) => warmStoryGold.score(`${`${word} `.repeat(count)}${base}`));
      expect(turns(values), word).toBe(true);
    }
  });

  it('says what it values', () => {
    expect(warmStoryGold.describe()).toMatch(/warm words.*repeated/);
  });
});
