import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DrawablePrompt, drawLabelingPrompts, drawTestPrompts, requireSplit } from '#lib/domain/prompt-draw';
import { createRandom } from '#lib/domain/random';

function prompts(train: number, validation: number, test: number, used: (id: string) => boolean = () => false): DrawablePrompt[] {
  const make = (split: DrawablePrompt['split'], count: number) =>
    Array.from({ length: count }, (_, index) => ({ id: `${split} ${index}`, split, used: used(`${split} ${index}`) }));
  return [...make('TRAIN', train), ...make('VALIDATION', validation), ...make('TEST', test)];
}

const count = (ids: readonly string[], split: string) => ids.filter((id) => id.startsWith(split)).length;

describe('drawing prompts', () => {
  it('takes training and validation prompts in proportion, never test prompts', () => {
    const ids = drawLabelingPrompts(prompts(80, 20, 40), 50, createRandom(1));
    expect(count(ids, 'TRAIN')).toBe(40);
    expect(count(ids, 'VALIDATION')).toBe(10);
    expect(new Set(ids).size).toBe(50);
  });

  it('gives the same for the same seed and something else for another', () => {
    const all = prompts(80, 20, 0);
    expect(drawLabelingPrompts(all, 30, createRandom(1))).toEqual(drawLabelingPrompts(all, 30, createRandom(1)));
    expect(drawLabelingPrompts(all, 30, createRandom(1))).not.toEqual(drawLabelingPrompts(all, 30, createRandom(2)));
  });

  it('keeps two validation prompts in a small round: an interval needs them', () => {
    expect(count(drawLabelingPrompts(prompts(97, 3, 0), 10, createRandom(1)), 'VALIDATION')).toBe(2);
  });

  it('takes fresh prompts first and used ones only where those run out', () => {
    const all = prompts(10, 4, 0, (id) => Number(id.split(' ')[1]) < 5);
    const ids = drawLabelingPrompts(all, 7, createRandom(1));
    expect(ids.filter((id) => id.startsWith('TRAIN') && Number(id.split(' ')[1]) >= 5)).toHaveLength(5);
    expect(drawLabelingPrompts(all, 14, createRandom(1))).toHaveLength(14);
  });

  it('always draws what is asked for where there is enough, without repeats', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 120 }), (train, validation, wanted) => {
        const ids = drawLabelingPrompts(prompts(train, validation, 5), wanted, createRandom(wanted));
        return ids.length === Math.min(wanted, train + validation) && new Set(ids).size === ids.length && count(ids, 'TEST') === 0;
      }),
    );
  });

  it('evaluates on test prompts only', () => {
    const ids = drawTestPrompts(prompts(10, 10, 6), 4, createRandom(1));
    expect(ids).toHaveLength(4);
    expect(count(ids, 'TEST')).toBe(4);
  });

  it('stops, naming the prompt, where one of the wrong split is used', () => {
    const wrong = prompts(1, 0, 1);
    expect(() => requireSplit(wrong, ['TRAIN'], 'policy training')).toThrow(
      expect.objectContaining({ code: 'INVARIANT', message: 'Prompt TEST 0 is of the split TEST; policy training uses only TRAIN.' }),
    );
    expect(() => requireSplit(wrong.slice(0, 1), ['TRAIN'], 'policy training')).not.toThrow();
  });
});
