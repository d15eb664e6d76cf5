import { AppError } from '#lib/errors';
import type { Random } from './random';
import type { Split } from './splits';

export interface DrawablePrompt {
  readonly id: string;
  readonly split: Split;
  /** Drawn in an earlier round of the loop: taken again only where fresh ones run out. */
  readonly used: boolean;
}

/**
 * Prompts for a round's labels: from the training and the validation split in proportion to their sizes, at least two of the latter where
 * it has two (an interval of the reward model's accuracy needs two prompts). Never from the test split.
 */
export function drawLabelingPrompts(prompts: readonly DrawablePrompt[], count: number, random: Random): string[] {
  const train = prompts.filter((prompt) => prompt.split === 'TRAIN');
  const validation = prompts.filter((prompt) => prompt.split === 'VALIDATION');
  const total = train.length + validation.length;
  const wanted = Math.min(count, total);
  const share = total === 0 ? 0 : Math.round((wanted * validation.length) / total);
  const least = Math.max(wanted - train.length, Math.min(2, validation.length, Math.max(0, wanted - 1)));
  const fromValidation = Math.min(validation.length, Math.max(share, least));
  return [
    ...drawFresh(train, wanted - fromValidation, random.fork('train')),
    ...drawFresh(validation, fromValidation, random.fork('validation')),
  ];
}

/** Prompts for evaluation: only from the test split. */
export function drawTestPrompts(prompts: readonly DrawablePrompt[], count: number, random: Random): string[] {
  const test = prompts.filter((prompt) => prompt.split === 'TEST');
  return random.shuffle(test.map((prompt) => prompt.id)).slice(0, count);
}

function drawFresh(prompts: readonly DrawablePrompt[], count: number, random: Random): string[] {
  const fresh = random.fork('fresh').shuffle(prompts.filter((prompt) => !prompt.used).map((prompt) => prompt.id));
  const used = random.fork('used').shuffle(prompts.filter((prompt) => prompt.used).map((prompt) => prompt.id));
  return [...fresh, ...used].slice(0, count);
}

/** Training on a prompt and judging by it would make the judgement worthless: the splits are checked where prompts are used. */
export function requireSplit(
  prompts: readonly { readonly id: string; readonly split: Split }[],
  allowed: readonly Split[],
  use: string,
): void {
  const wrong = prompts.find((prompt) => !allowed.includes(prompt.split));
  if (wrong) {
    throw new AppError('INVARIANT', `Prompt ${wrong.id} is of the split ${wrong.split}; ${use} uses only ${allowed.join(' and ')}.`, {
      details: { check: 'splits', promptId: wrong.id, split: wrong.split },
      remedy: 'Start the loop again: the prompts of this round were drawn from the wrong split.',
    });
  }
}
