import { createRandom } from '#lib/domain/random';

/** Prompts of different lengths whose samples end at different places. */
export interface RaggedLoad {
  readonly prompts: readonly (readonly number[])[];
  /** New tokens of each sample of each prompt. */
  readonly limits: readonly (readonly number[])[];
}

const shortest = 8;
const longest = 128;
const meanBeyondShortest = 32;

/**
 * Prompt lengths are even over 8..128. An answer has 8 tokens and goes on with a fixed probability a token (geometric, 32 more on average)
 * up to 128: many short ones and a few long ones, as answers are.
 */
export function raggedLoad(settings: {
  readonly prompts: number;
  readonly samples: number;
  readonly vocabulary: number;
  readonly seed: number;
}): RaggedLoad {
  const random = createRandom(settings.seed, 'ragged-load');
  const goesOn = Math.log(1 - 1 / (meanBeyondShortest + 1));
  const limit = () => Math.min(longest, shortest + Math.floor(Math.log(1 - random.next()) / goesOn));
  return {
    prompts: Array.from({ length: settings.prompts }, () =>
      Array.from({ length: shortest + random.integer(longest - shortest + 1) }, () => 3 + random.integer(settings.vocabulary - 3)),
    ),
    limits: Array.from({ length: settings.prompts }, () => Array.from({ length: settings.samples }, limit)),
  };
}
