import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { checkFinite, NegativeKlCheck } from '#lib/ml/trainers/ppo-checks';
import { base, drive, models, type sevens } from './ppo-world';
import { tinyFiles } from './tiny-model';

const quick = { ...base, samplePrompts: 0, steps: 6, checkpointEvery: 1 };

describe('what stops a run of PPO', () => {
  let engine: Engine;
  beforeAll(async () => {
    // it records no graphs, which costs more than such small models
    engine = await createEngine({ backend: 'wasm' });
  }, 60_000);

  it('first-ratio-is-one: weights that change between scoring and the first update', async () => {
    const before = engine.tensorCount();
    const used = models(engine);
    const head = used.policy.parameters.get('lm_head.weight')!;
    const meddling = {
      ...used.reference,
      // the reference is asked after the policy was
      logProbs(rows: Parameters<typeof used.reference.logProbs>[0], temperature: number) {
        head.assign(head.values().map((value) => value * 1.1));
        return used.reference.logProbs(rows, temperature);
      },
    };
    await expect(drive(engine, { ...used, reference: meddling }, quick)).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'first-ratio-is-one', step: 1 },
      remedy: expect.stringContaining('temperature'),
    });
    used.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('first-kl-is-zero: a reference that is not the policy that training starts from', async () => {
    const used = models(engine);
    const other = models(engine, tinyFiles(9));
    const mixed = { ...used, reference: other.reference };
    await expect(drive(engine, mixed, quick, { startsAtReference: true })).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'first-kl-is-zero', step: 1 },
    });
    // a policy of a later round starts away from the reference, and may
    const { rows } = await drive(engine, mixed, { ...quick, steps: 1 });
    expect(rows[0]!.metrics['policy/kl']).toBeGreaterThan(0.01);
    for (const each of [used, other]) each.dispose();
  });

  it('negative-kl: over steps, and over a resume', async () => {
    const used = models(engine);
    const lenient = {
      ...used.reference,
      logProbs: (rows: Parameters<typeof used.reference.logProbs>[0], temperature: number) =>
        used.reference.logProbs(rows, temperature).map((value) => value + 0.3),
    };
    // 64 answers a step: judged at step 4; the policy does not move
    const config = { ...quick, rolloutBatchSize: 64, valueWarmup: 6 };
    const found = { code: 'INVARIANT', details: { check: 'negative-kl', step: 4, answers: 256 } };
    await expect(drive(engine, { ...used, reference: lenient }, config)).rejects.toMatchObject(found);
    const { rows } = await drive(engine, { ...used, reference: lenient }, config, { stopAfter: 3 });
    const state = rows.at(-1)!.checkpoint!;
    await expect(drive(engine, { ...used, reference: lenient }, config, { state })).rejects.toMatchObject(found);
    used.dispose();
  });

  it('negative-kl: chance is no fault, nor is what was long ago', () => {
    const check = new NegativeKlCheck();
    const noisy = Array.from({ length: 256 }, (_, index) => (index % 2 === 0 ? 1 : -1.05));
    check.add(noisy, 1);
    expect(check.state.count).toBe(0);
    check.add(Array<number>(255).fill(-1), 2);
    expect(check.state.count).toBe(255);
    expect(() => check.add([-1], 3)).toThrow(/256 answers/);
  });

  it('finite-scores and one-score-an-answer: a reward that answers with nonsense', async () => {
    const used = models(engine);
    const start = (reward: Parameters<typeof drive>[3]) => drive(engine, used, quick, reward);
    await expect(
      start({ reward: (answers) => ({ total: answers.map((_, index) => (index === 3 ? Number.NaN : 1)) }) }),
    ).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'finite-scores', step: 1, promptId: expect.stringMatching(/^p\d$/) },
    });
    await expect(start({ reward: () => ({ total: [1] }) })).rejects.toMatchObject({ details: { check: 'one-score-an-answer' } });
    const partly = { reward: (answers: Parameters<typeof sevens>[0]) => ({ total: answers.map(() => 1), parts: { spread: [1] } }) };
    await expect(start(partly)).rejects.toMatchObject({ details: { check: 'one-score-an-answer', part: 'spread' } });
    used.dispose();
  });

  it('finite-reference-log-probabilities, finite-values, finite-loss: named by what is not finite', async () => {
    const before = engine.tensorCount();
    const used = models(engine);
    const broken = { ...used.reference, logProbs: () => new Float32Array(1000).fill(Number.NaN) };
    await expect(drive(engine, { ...used, reference: broken }, quick)).rejects.toMatchObject({
      details: { check: 'finite-reference-log-probabilities', step: 1 },
    });
    // so large that its square is not a float: the value loss is infinite
    const huge = { reward: (answers: Parameters<typeof sevens>[0]) => ({ total: answers.map((_, index) => 1e30 * (index % 3)) }) };
    await expect(drive(engine, used, quick, huge)).rejects.toMatchObject({
      code: 'INVARIANT',
      details: { check: 'finite-loss', model: 'value', step: 1 },
    });
    used.value.parameters.get('score.weight')!.assign(new Float32Array(16).fill(Number.POSITIVE_INFINITY));
    await expect(drive(engine, used, quick)).rejects.toMatchObject({ details: { check: 'finite-values', step: 1 } });
    used.dispose();
    expect(engine.tensorCount()).toBe(before);
  });

  it('finite-policy-log-probabilities', () => {
    expect(() => checkFinite([[0, -1], [-Infinity]], 'policy log-probabilities', 7)).toThrow(
      expect.objectContaining({
        details: { check: 'finite-policy-log-probabilities', tensor: 'policy log-probabilities', step: 7, answer: 1, token: 0 },
      }),
    );
  });
});
