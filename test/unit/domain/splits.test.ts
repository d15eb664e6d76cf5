import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '#lib/domain/canonical-json';
import { promptSplitKey } from '#lib/domain/prompts';
import { splitFractionsSchema, splitOf } from '#lib/domain/splits';

const fractions = fc
  .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }))
  .filter(([a, b, c]) => a + b + c > 0)
  .map(([a, b, c]) => ({ train: a / (a + b + c), validation: b / (a + b + c), test: c / (a + b + c) }));

describe('splits', () => {
  it('puts a key always into the same split, and never into one without a share', () => {
    fc.assert(
      fc.property(fc.string(), fractions, (text, shares) => {
        expect(splitFractionsSchema.safeParse(shares).success).toBe(true);
        const split = splitOf(sha256Hex(text), shares);
        expect(splitOf(sha256Hex(text), { ...shares })).toBe(split);
        const share = { TRAIN: shares.train, VALIDATION: shares.validation, TEST: shares.test }[split];
        expect(share).toBeGreaterThan(0);
      }),
    );
  });

  it('moves a key only towards train when the train share grows', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (text, a, b) => {
        const [small, large] = a < b ? [a / 100, b / 100] : [b / 100, a / 100];
        const before = splitOf(sha256Hex(text), { train: small, validation: 0, test: 1 - small });
        const after = splitOf(sha256Hex(text), { train: large, validation: 0, test: 1 - large });
        if (before === 'TRAIN') expect(after).toBe('TRAIN');
      }),
    );
  });

  it('comes near the shares: 20,000 keys, three standard deviations', () => {
    const count = { TRAIN: 0, VALIDATION: 0, TEST: 0 };
    const n = 20_000;
    for (let index = 0; index < n; index += 1) count[splitOf(sha256Hex(`prompt ${index}`))] += 1;
    for (const [split, share] of [
      ['TRAIN', 0.8],
      ['VALIDATION', 0.1],
      ['TEST', 0.1],
    ] as const) {
      expect(Math.abs(count[split] / n - share)).toBeLessThan(3 * Math.sqrt((share * (1 - share)) / n));
    }
  });

  it('keeps what belongs together in one split, whatever the dataset', () => {
    const shouted = promptSplitKey([{ role: 'user', content: '  WRITE a\r\nStory ' }]);
    const plain = promptSplitKey([{ role: 'user', content: 'write a story' }]);
    expect(shouted).toBe(plain);
    expect(promptSplitKey([{ role: 'user', content: 'one' }], 'Topic 7')).toBe(
      promptSplitKey([{ role: 'user', content: 'two' }], 'topic 7'),
    );
    expect(promptSplitKey([{ role: 'user', content: 'one' }], 'one')).not.toBe(promptSplitKey([{ role: 'user', content: 'one' }]));
  });

  it('refuses shares that do not add up', () => {
    expect(splitFractionsSchema.safeParse({ train: 0.8, validation: 0.1, test: 0.2 }).success).toBe(false);
  });
});
