import type { Split } from './splits';

/** What a reward model learns from: one prompt with its responses and all rankings of them. */
export interface RankedPrompt {
  readonly promptId: string;
  readonly promptText: string;
  readonly split: Split;
  readonly responses: readonly { readonly id: string; readonly text: string; readonly tokenIds: readonly number[] }[];
  /**
   * `ranks[i]` belongs to `responses[i]`: dense from 1 (best), equal = tie, null = set aside. `shown[i]` is the place, from 0, at which the annotator saw
   * it; null where it was not shown. `annotator` is a pseudonym.
   */
  readonly rankings: readonly {
    readonly annotator: string;
    readonly ranks: readonly (number | null)[];
    readonly shown: readonly (number | null)[];
  }[];
}
