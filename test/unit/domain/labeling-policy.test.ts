import { describe, expect, it } from 'vitest';
import { initialSlots, labelingPolicySchema, parseLabelingPolicy } from '#lib/domain/labeling-policy';

describe('the labeling policy', () => {
  it('is whole where nothing was set, and reads what it wrote', () => {
    const policy = parseLabelingPolicy({});
    expect(policy).toMatchObject({
      overlap: 1,
      adaptive: { enabled: false, min: 2, max: 5 },
      skip: { setAsideAfter: 3 },
      quota: { daily: null },
    });
    expect(parseLabelingPolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    expect(parseLabelingPolicy(null)).toEqual(policy);
  });

  it('says how many slots a task begins with', () => {
    const adaptive = { ...parseLabelingPolicy({}).adaptive, enabled: true };
    expect(initialSlots(parseLabelingPolicy({ overlap: 3 }))).toBe(3);
    expect(initialSlots(parseLabelingPolicy({ overlap: 3, adaptive }))).toBe(2);
    expect(initialSlots(parseLabelingPolicy({ overlap: 3, adaptive }), 4)).toBe(4);
  });

  it.each([
    [{ adaptive: { min: 4, max: 3 } }, 'adaptive.max'],
    [{ overlap: 0 }, 'overlap'],
    [{ pay: { currency: 'euro' } }, 'pay.currency'],
    [{ skip: { reasons: [] } }, 'skip.reasons'],
    [{ quota: { daily: 0 } }, 'quota.daily'],
  ])('refuses %j at %s', (policy, field) => {
    const parsed = labelingPolicySchema.safeParse(policy);
    expect(parsed.error?.issues[0]?.path.join('.')).toBe(field);
  });
});
