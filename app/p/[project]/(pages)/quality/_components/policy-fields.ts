import type { QualityPolicy } from '#lib/domain/quality/quality-policy';

/** The numbers of the form, by what they rule. */
export const policyGroups = {
  gold: ['goldShare', 'maxExposures', 'passAt'],
  repeats: ['repeatShare', 'afterHours', 'afterTasks'],
  sprt: ['good', 'poor', 'falseAlarm', 'miss', 'minChecks'],
  speed: ['warnAt', 'pauseAt'],
} as const;

export type PolicyNumber = (typeof policyGroups)[keyof typeof policyGroups][number];

const percent = (share: number) => Math.round(share * 1000) / 10;

/** Shares as percent; null: nothing stands there. */
export function numbersOf({ gold, repeats, sprt, dwell }: QualityPolicy): Record<PolicyNumber, number | null> {
  return {
    goldShare: percent(gold.share),
    maxExposures: gold.maxExposures,
    passAt: percent(gold.passAt),
    repeatShare: percent(repeats.share),
    afterHours: repeats.afterHours,
    afterTasks: repeats.afterTasks,
    good: percent(sprt.good),
    poor: percent(sprt.poor),
    falseAlarm: percent(sprt.falseAlarm),
    miss: percent(sprt.miss),
    minChecks: sprt.minChecks,
    warnAt: dwell.warnAt,
    pauseAt: dwell.pauseAt,
  };
}

/** What the form says; what it does not ask for stays as it was. */
export function policyOf(form: FormData, policy: QualityPolicy) {
  const number = (name: PolicyNumber) => Number(form.get(name));
  const share = (name: PolicyNumber) => number(name) / 100;
  const pauseAt = String(form.get('pauseAt')).trim();
  return {
    gold: { ...policy.gold, share: share('goldShare'), maxExposures: number('maxExposures'), passAt: share('passAt') },
    repeats: { share: share('repeatShare'), afterHours: number('afterHours'), afterTasks: number('afterTasks') },
    sprt: {
      enabled: form.get('sprt') !== null,
      good: share('good'),
      poor: share('poor'),
      falseAlarm: share('falseAlarm'),
      miss: share('miss'),
      minChecks: number('minChecks'),
    },
    dwell: {
      ...policy.dwell,
      warnAt: number('warnAt'),
      pauseAt: pauseAt === '' ? null : Number(pauseAt),
    },
    training: { ...policy.training, required: form.get('training') !== null },
    qualification: { required: form.get('qualification') !== null },
  };
}
