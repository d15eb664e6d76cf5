const calmMs = 60_000;
const firstDelayMs = 500;
const longestDelayMs = 30_000;
const mostQuickDeaths = 6;

/** What to do about a process that ended by itself; `quickDeaths` counts this one. */
export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly quickDeaths: number }
  | { readonly kind: 'give-up'; readonly quickDeaths: number };

/**
 * A process that lived for a minute starts again at once and with a clean record; one that dies young waits twice as long each time
 * (0.5, 1, 2, 4, 8 s), and the sixth such death in a row is the last.
 */
export function decideRestart(livedMs: number, quickDeathsBefore: number): RestartDecision {
  if (livedMs >= calmMs) return { kind: 'restart', delayMs: firstDelayMs, quickDeaths: 0 };
  const quickDeaths = quickDeathsBefore + 1;
  if (quickDeaths >= mostQuickDeaths) return { kind: 'give-up', quickDeaths };
  return { kind: 'restart', delayMs: Math.min(longestDelayMs, firstDelayMs * 2 ** (quickDeaths - 1)), quickDeaths };
}
