import { describe, expect, it } from 'vitest';
import { comparisonScore, winRate } from '#lib/domain/win-rate';

const said = (ranks: Record<string, number>, aside: string[] = []) => ({ ranks, aside });
const about = (...judgements: ReturnType<typeof said>[]) => ({ candidateResponseId: 'c', baselineResponseId: 'b', judgements });

describe('the win rate of blind comparisons', () => {
  it('scores a win, a loss, a tie, and answers set aside', () => {
    expect(comparisonScore(said({ c: 1, b: 2 }), 'c', 'b')).toBe(1);
    expect(comparisonScore(said({ c: 2, b: 1 }), 'c', 'b')).toBe(0);
    expect(comparisonScore(said({ c: 1, b: 1 }), 'c', 'b')).toBe(0.5);
    expect(comparisonScore(said({ c: 1 }, ['b']), 'c', 'b')).toBe(1);
    expect(comparisonScore(said({ b: 1 }, ['c']), 'c', 'b')).toBe(0);
    expect(comparisonScore(said({}, ['b', 'c']), 'c', 'b')).toBeNull();
  });

  it("counts each prompt once and gives Wilson's interval over prompts", () => {
    const win = about(said({ c: 1, b: 2 }));
    const rate = winRate([win, win, win, about(said({ c: 2, b: 1 }), said({ c: 1, b: 2 }))]);
    // (3 + 1/2) / 4; Wilson for 3.5 of 4 at 95 %: centre (0.875 + 1.92073/4) / (1 + 3.84146/4), computed by hand.
    expect(rate).toMatchObject({ defined: true, value: 0.875, n: 4 });
    expect(rate.defined && rate.low).toBeCloseTo(0.3956, 3);
    expect(rate.defined && rate.high).toBeCloseTo(0.9869, 3);
  });

  it('is undefined, and says why, where nobody has compared', () => {
    expect(winRate([about()])).toEqual({ defined: false, reason: 'nobody has compared an answer yet', n: 0 });
    expect(winRate([about(said({}, ['b', 'c']))])).toMatchObject({ defined: false });
  });
});
