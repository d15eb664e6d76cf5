import { z } from 'zod';

export const splits = ['TRAIN', 'VALIDATION', 'TEST'] as const;
export type Split = (typeof splits)[number];

const share = z.number().min(0).max(1);

export const splitFractionsSchema = z
  .strictObject({ train: share, validation: share, test: share })
  .refine(({ train, validation, test }) => Math.abs(train + validation + test - 1) < 1e-9, 'the three shares must add up to 1');

export type SplitFractions = z.infer<typeof splitFractionsSchema>;

export const defaultSplitFractions: SplitFractions = { train: 0.8, validation: 0.1, test: 0.1 };

/**
 * Where a split key falls: its first 52 bits as a number in [0, 1), cut at train and train + validation.
 * It depends on nothing else, so that a prompt falls into the same split in every dataset with the same shares.
 * @param splitKey hexadecimal sha256
 */
export function splitOf(splitKey: string, fractions: SplitFractions = defaultSplitFractions): Split {
  const position = Number.parseInt(splitKey.slice(0, 13), 16) / 2 ** 52;
  if (position < fractions.train) return 'TRAIN';
  // The last share takes what is left, so that rounding of the sum loses nothing; an empty last share takes nothing.
  if (position < fractions.train + fractions.validation || fractions.test === 0) return fractions.validation === 0 ? 'TRAIN' : 'VALIDATION';
  return 'TEST';
}
