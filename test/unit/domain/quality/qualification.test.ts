import { describe, expect, it } from 'vitest';
import { judgeAttempt, qualificationSpecSchema, type ScoredTask } from '#lib/domain/quality/qualification';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';

const spec = qualificationSpecSchema.parse({});
const flags = (agreement: number, compared = 4): ScoredTask => ({ kind: 'FLAGS', agreement, compared, rating: null });
const ranking = (agreement: number, compared = 6): ScoredTask => ({ kind: 'RANKING', agreement, compared, rating: null });
const demonstration = (rating: number | null): ScoredTask => ({ kind: 'DEMONSTRATION', agreement: null, compared: 0, rating });

describe('the screening of annotators', () => {
  it('asks for what InstructGPT asked for', () => {
    expect(spec).toMatchObject({ flagsCutoff: 0.75, rankingsCutoff: 0.75, demonstrationCutoff: 6 });
  });

  it('passes at the cut-offs, pooled over what was compared', () => {
    const verdict = judgeAttempt(spec, [flags(0.5), flags(1), ranking(1, 6), ranking(0.5, 6), demonstration(5), demonstration(7)]);
    expect(verdict).toMatchObject({
      state: 'PASSED',
      scores: {
        flags: { value: 0.75, n: 8, reached: true },
        rankings: { value: 0.75, n: 12, reached: true },
        demonstrations: { value: 6, n: 2, reached: true },
      },
    });
  });

  it('weighs each task by what it compared', () => {
    const verdict = judgeAttempt(spec, [ranking(1, 3), ranking(0.6, 36)]);
    expect(verdict).toMatchObject({ state: 'FAILED', missed: ['rankings'] });
    expect(verdict.scores.rankings?.value).toBeCloseTo((3 + 21.6) / 39, 12);
    expect(verdict.scores.flags).toBeNull();
  });

  it('waits for ratings, unless something else failed already', () => {
    expect(judgeAttempt(spec, [ranking(1), demonstration(null), demonstration(7)])).toMatchObject({ state: 'WAITING', unrated: 1 });
    expect(judgeAttempt(spec, [ranking(0.5), demonstration(null)])).toMatchObject({ state: 'FAILED', missed: ['rankings'] });
    expect(judgeAttempt(spec, [ranking(1), demonstration(5)])).toMatchObject({ state: 'FAILED', missed: ['demonstrations'] });
  });
});

describe('the quality policy', () => {
  it('reads {} as its defaults and leaves other keys aside', () => {
    const policy = parseQualityPolicy({ overlap: 3 });
    expect(policy.gold).toEqual({ share: 0.05, maxExposures: 30, passAt: 0.75, ratingTolerance: 1 });
    expect(policy.dwell.minMs.RANKING).toBe(3000);
    expect(policy.dwell.pauseAt).toBeNull();
  });

  it('refuses rules that contradict themselves', () => {
    expect(() => parseQualityPolicy({ sprt: { good: 0.5, poor: 0.6 } })).toThrow(/fewer checks/);
    expect(() => parseQualityPolicy({ dwell: { warnAt: 5, pauseAt: 5 } })).toThrow(/warning comes before/);
  });
});
