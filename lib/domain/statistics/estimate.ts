/**
 * A statistic as it is shown: with its interval and the number it stands on, or with the reason why it is undefined.
 * `n` counts the independent units (clusters where the data are clustered).
 */
export type Estimate =
  | {
      readonly defined: true;
      readonly value: number;
      readonly low: number;
      readonly high: number;
      readonly n: number;
      /** Confidence level of [low, high], 0.95 unless chosen otherwise. */
      readonly level: number;
    }
  | { readonly defined: false; readonly reason: string; readonly n: number };

export function undefinedEstimate(reason: string, n: number): Estimate {
  return { defined: false, reason, n };
}
