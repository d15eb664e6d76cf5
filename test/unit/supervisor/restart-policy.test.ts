import { describe, expect, test } from 'vitest';
import { decideRestart } from '../../../scripts/supervisor/restart-policy';

describe('decideRestart', () => {
  test('quick deaths wait twice as long each time, and the sixth is the last', () => {
    const delays: (number | string)[] = [];
    let quickDeaths = 0;
    for (;;) {
      const decision = decideRestart(100, quickDeaths);
      quickDeaths = decision.quickDeaths;
      delays.push(decision.kind === 'restart' ? decision.delayMs : decision.kind);
      if (decision.kind === 'give-up') break;
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 'give-up']);
  });

  test('a minute of life clears the record', () => {
    expect(decideRestart(60_000, 5)).toEqual({ kind: 'restart', delayMs: 500, quickDeaths: 0 });
    expect(decideRestart(59_999, 5)).toEqual({ kind: 'give-up', quickDeaths: 6 });
  });
});
