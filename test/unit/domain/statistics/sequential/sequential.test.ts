import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { drift, driftPlan } from '#lib/domain/statistics/sequential/cusum';
import { eProcess, outlierProcess, votePValue } from '#lib/domain/statistics/sequential/e-process';
import { rankingPosterior, sharpnessOf } from '#lib/domain/statistics/sequential/ranking-posterior';
import { sprt, sprtCourse, sprtExpectedChecks, sprtInOrder } from '#lib/domain/statistics/sequential/sprt';

describe('sequential test of gold checks', () => {
  const plan = { good: 0.85, bad: 0.65, failGood: 0.05, passBad: 0.05 };

  it('has the bounds of Wald', () => {
    const start = sprt({ right: 0, wrong: 0 }, plan);
    expect(start).toMatchObject({ decision: 'continue', n: 0 });
    expect(start.upper).toBeCloseTo(Math.log(19), 12);
    expect(start.lower).toBeCloseTo(-Math.log(19), 12);
    // log 19 / log(.85 / .65) = 10.98, log 19 / log(.35 / .15) = 3.48
    expect([start.rightToPass, start.wrongToFail]).toEqual([11, 4]);
    expect(sprt({ right: 10, wrong: 0 }, plan).decision).toBe('continue');
    expect(sprt({ right: 11, wrong: 0 }, plan).decision).toBe('pass');
    expect(sprt({ right: 0, wrong: 4 }, plan).decision).toBe('fail');
    expect(sprtInOrder([false, false, false, false, ...Array.from({ length: 40 }, () => true)], plan)).toMatchObject({
      decision: 'fail',
      n: 4,
    });
    expect(() => sprt({ right: 1, wrong: 0 }, { good: 0.6, bad: 0.7 })).toThrow(RangeError);
  });

  it('errs no more often than asked, with about the number of checks that Wald gives', () => {
    const good = sprtCourse(0.85, plan);
    const bad = sprtCourse(0.65, plan);
    expect(good.fail).toBeLessThanOrEqual(0.05 / 0.95);
    expect(bad.pass).toBeLessThanOrEqual(0.05 / 0.95);
    expect(good.open).toBeLessThan(1e-9);
    expect(good.checks / sprtExpectedChecks(0.85, plan)).toBeGreaterThan(1);
    expect(good.checks / sprtExpectedChecks(0.85, plan)).toBeLessThan(1.25);
    // simulated
    const random = createRandom(1, 'sprt');
    let checks = 0;
    let failed = 0;
    for (let person = 0; person < 4000; person += 1) {
      const state = sprtInOrder(
        Array.from({ length: 300 }, () => random.next() < 0.85),
        plan,
      );
      checks += state.n / 4000;
      if (state.decision === 'fail') failed += 1 / 4000;
    }
    expect(Math.abs(checks - good.checks)).toBeLessThan(0.6);
    expect(Math.abs(failed - good.fail)).toBeLessThan(0.012);
    // fixed counts that err as often need more: 8 of 10 lets 5.5 % of coin flippers through and fails 7.0 % of .9 annotators
    const coin = { good: 0.9, bad: 0.5, failGood: 0.07, passBad: 0.055 };
    expect(sprtCourse(0.9, coin).checks).toBeLessThan(10);
  });
});

describe('drift', () => {
  it('rarely alarms in control and soon after a change', () => {
    const random = createRandom(2, 'drift');
    const runLength = (plan: ReturnType<typeof driftPlan>, draw: () => number, runs: number) => {
      let total = 0;
      for (let run = 0; run < runs; run += 1) {
        const values = Array.from({ length: 4000 }, draw);
        total += (drift(values, plan).alarm?.at ?? values.length) + 1;
      }
      return total / runs;
    };
    const share = driftPlan({ kind: 'share', level: 0.85, change: 0.12 }, 400);
    const inControl = runLength(share, () => Number(random.next() < 0.85), 150);
    expect(inControl).toBeGreaterThan(300);
    // shares move in steps: the limit is the first that lasts long enough
    expect(inControl).toBeLessThan(650);
    expect(runLength(share, () => Number(random.next() < 0.65), 150)).toBeLessThan(60);
    const mean = driftPlan({ kind: 'mean', level: 3, deviation: 0.5, change: 0.5 }, 370);
    // tables of the normal CUSUM: k = 1/2, h = 4.77 has a one-sided run length of 740, both sides 370; here the statistic is in units of one deviation
    expect(mean.up.limit).toBeCloseTo(4.77, 1);
    expect(mean.up.limit).toBeCloseTo(mean.down.limit!, 6);
    expect(runLength(mean, () => 3.5 + 0.5 * random.normal(), 150)).toBeLessThan(14);
  });

  it('says which side, and where the change begins', () => {
    const plan = driftPlan({ kind: 'share', level: 0.9, change: 0.2 }, 500);
    const state = drift([...Array.from({ length: 60 }, () => 1), ...Array.from({ length: 20 }, (_, at) => at % 2)], plan);
    expect(state.alarm).toMatchObject({ side: 'down', since: 60 });
    expect(state.alarm!.at).toBeLessThan(75);
    expect(plan.up.limit).toBeNull();
    expect(drift([], plan)).toMatchObject({ alarm: null, n: 0 });
    expect(() => driftPlan({ kind: 'share', level: 1, change: 0.1 })).toThrow(RangeError);
  });
});

describe('evidence at any time', () => {
  it('multiplies calibrated p-values', () => {
    expect(votePValue(0.5, [1, 1, 0.5, 0], 'high')).toBe(4 / 5);
    expect(votePValue(0, [1, 1, 1], 'low')).toBe(1 / 4);
    expect(votePValue(0, [1, 1, 1, 0], 'unlike')).toBe(2 / 5);
    const process = eProcess([0.04, 0.04, 0.04]);
    // 1 / (2 sqrt .04) = 2.5
    for (const [at, log] of process.logEvidence.entries()) expect(log).toBeCloseTo((at + 1) * Math.log(2.5), 12);
    expect(process).toMatchObject({ alarm: null, n: 3 });
    expect(eProcess([0.01, 0.01]).alarm).toBe(1);
  });

  it('alarms on at most alpha of those who vote as others do, ties included, and on who votes the other way round', () => {
    const random = createRandom(3, 'outlier');
    const vote = (lead: number) => {
      const u = random.next();
      return u < 0.25 ? 0.5 : u < 0.25 + 0.75 * lead ? 1 : 0;
    };
    const alarms = (turned: boolean) => {
      let count = 0;
      for (let person = 0; person < 300; person += 1) {
        const votes = Array.from({ length: 100 }, () => {
          const lead = random.next() < 0.5 ? 0.9 : 0.1;
          const history = Array.from({ length: 30 }, () => vote(lead));
          const own = vote(lead);
          return { vote: turned ? 1 - own : own, history };
        });
        if (outlierProcess(votes).alarm !== null) count += 1;
      }
      return count / 300;
    };
    expect(alarms(false)).toBeLessThanOrEqual(0.05);
    // pairs lean either way: it is "unlike" that tells
    expect(alarms(true)).toBeGreaterThan(0.9);
  });
});

describe('posterior of one ranking', () => {
  const ask = (
    rankings: Parameters<typeof rankingPosterior>[0]['rankings'],
    options: Partial<Parameters<typeof rankingPosterior>[1]> = {},
    responses = ['a', 'b'],
  ) => rankingPosterior({ responses, rankings }, { random: createRandom(1, 'posterior'), ...options });

  it('believes one person as far as the person is right', () => {
    expect(sharpnessOf(0.5)).toBe(0);
    for (const accuracy of [0.6, 0.75, 0.9]) {
      expect(ask([{ ranks: { a: 1, b: 2 }, accuracy }], { tieRate: 1e-9, draws: 8000 }).probability).toBeCloseTo(accuracy, 2);
    }
  });

  it('settles with agreement, stays open with dispute, and counts who is better more', () => {
    const both = { ranks: { a: 1, b: 2 } };
    const other = { ranks: { a: 2, b: 1 } };
    expect(ask([])).toMatchObject({ settled: false, probability: 0, n: 0 });
    expect(ask([both])).toMatchObject({ settled: false });
    expect(ask([both, both, both])).toMatchObject({ settled: true, order: [['a'], ['b']] });
    expect(ask([both, both, other, other])).toMatchObject({ settled: false });
    expect(ask([both, { ...other, accuracy: 0.97 }]).order).toEqual([['b'], ['a']]);
    expect(ask([{ ranks: { a: 1, b: 1 } }, { ranks: { a: 1, b: 1 } }, { ranks: { a: 1, b: 1 } }])).toMatchObject({
      settled: true,
      order: [['a', 'b']],
    });
  });

  it('is as often right as it says', () => {
    const random = createRandom(7, 'calibration');
    let right = 0;
    let said = 0;
    const tasks = 300;
    for (let task = 0; task < tasks; task += 1) {
      const theta = [0, 1, 2, 3].map(() => random.normal());
      const sharpness = sharpnessOf(0.8);
      const rankings = [0, 1].map(() => {
        // Plackett-Luce by adding Gumbel noise
        const noisy = theta.map((value, at) => ({ at, value: sharpness * value - Math.log(-Math.log(1 - random.next())) }));
        noisy.sort((a, b) => b.value - a.value);
        return { ranks: Object.fromEntries(noisy.map(({ at }, place) => [`r${at}`, place + 1])), accuracy: 0.8 };
      });
      const posterior = rankingPosterior({ responses: ['r0', 'r1', 'r2', 'r3'], rankings }, { random, tieRate: 1e-9, draws: 300 });
      for (const { first, probability, second } of posterior.pairs) {
        said += probability;
        if (theta[Number(first[1])]! > theta[Number(second[1])]!) right += 1;
      }
    }
    expect(Math.abs(right - said) / (6 * tasks)).toBeLessThan(0.025);
  });

  it('sets aside what most set aside', () => {
    const one = { ranks: { a: 1, b: 2 }, aside: ['c'] };
    expect(ask([one, one], {}, ['a', 'b', 'c'])).toMatchObject({ aside: ['c'], order: [['a'], ['b']] });
    const disputed = ask([one, { ranks: { a: 1, b: 2, c: 3 } }], {}, ['a', 'b', 'c']);
    expect(disputed.aside).toEqual([]);
    expect(disputed.probability).toBeLessThan(0.9);
  });
});
