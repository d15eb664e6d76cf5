import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import { watchPeakMemory } from '../../../../scripts/bench/peak-memory';
import { chooseTrainingCases, readTrainingMeasured, type TrainingSide, trainingCases } from '../../../../scripts/bench/training-cases';
import { bestRate, type TrainingRun, trainingRatios, trainingRows } from '../../../../scripts/bench/training-summary';

/** A process whose fastest update takes `fastest` seconds. */
function run(id: string, side: TrainingSide, fastest: number, peakMib: number | null = 500): TrainingRun {
  const phases = id.startsWith('ppo') ? { generate: fastest / 10, score: fastest / 5, update: 0.7 * fastest } : null;
  return { case: id, side, round: 1, seconds: [2 * fastest, fastest], units: 8, cpuMs: 100, phases, peakMib, otherWork: 0 };
}

describe('what a process of the training benchmark printed', () => {
  const line = '{"seconds": [0.5, 0.25], "units": 8, "cpuMs": 812.5, "phases": null}';

  test('is read from its last line of numbers, whatever else was said', () => {
    const measured = readTrainingMeasured(`{'loss': 0.69, 'epoch': 1.0}\n{"seconds": [], "units": 8}\n${line}\na warning\n`);
    expect(measured).toEqual({ seconds: [0.5, 0.25], units: 8, cpuMs: 812.5, phases: null });
    expect(bestRate(measured!)).toBe(32);
  });

  test('holds the phases of PPO', () => {
    const phases = { generate: 1, score: 2, update: 3 };
    expect(readTrainingMeasured(JSON.stringify({ seconds: [6], units: 1, cpuMs: 1, phases }))?.phases).toEqual(phases);
  });

  test('is nothing where no update was counted', () => {
    expect(readTrainingMeasured('Traceback (most recent call last):\nKeyError')).toBeUndefined();
    expect(readTrainingMeasured('{"seconds": [], "units": 8, "cpuMs": 1, "phases": null}')).toBeUndefined();
  });
});

describe('ratios of the training benchmark', () => {
  test('are rates, ours to TRL’s, but for PPO times', () => {
    const runs = trainingCases.flatMap(({ id }) => [
      run(id, 'plumbline', 1, 400),
      run(id, 'plumbline', 5, 600),
      run(id, 'plumbline', 1, 500),
      run(id, 'trl', 2, 900),
    ]);
    expect(trainingRatios(runs, trainingCases)).toEqual({
      sft: { A: 2, S: 2 },
      reward: { A: 2, S: 2, K4: 2 },
      dpo: { A: 2, S: 2 },
      ppo: {
        A: 0.5,
        generate: { plumbline: 0.1, trl: 0.2 },
        score: { plumbline: 0.2, trl: 0.4 },
        update: { plumbline: 0.7, trl: 1.4 },
      },
      memory: Object.fromEntries(trainingCases.map(({ id }) => [id, { plumbline: 600, trl: 900 }])),
    });
  });

  test('leave out what was not measured on both sides, and memory that is not known', () => {
    const runs = [run('sft.A', 'plumbline', 1), run('dpo.A', 'plumbline', 1, null), run('dpo.A', 'trl', 3, null)];
    expect(trainingRatios(runs, trainingCases)).toEqual({ dpo: { A: 3 }, memory: { 'dpo.A': { plumbline: null, trl: null } } });
    expect(trainingRows(runs, trainingCases)).toEqual([
      ['sft.A', 'plumbline', '8.00 tokens/s', '8.00 to 8.00', '100', '500', ''],
      ['dpo.A', 'plumbline', '8.00 pairs/s', '8.00 to 8.00', '100', '', '3.000'],
      ['dpo.A', 'trl', '2.67 pairs/s', '2.67 to 2.67', '100', '', ''],
    ]);
  });
});

describe('cases of the training benchmark', () => {
  test('are chosen by name or group', () => {
    expect(chooseTrainingCases('dpo, reward.K4').map(({ id }) => id)).toEqual(['reward.K4', 'dpo.A', 'dpo.S']);
    expect(chooseTrainingCases(undefined)).toBe(trainingCases);
  });

  test('that do not exist are named', () => {
    expect(() => chooseTrainingCases('sft,sft.B')).toThrow(AppError);
    expect(() => chooseTrainingCases('sft,sft.B')).toThrow('There is no benchmark "sft.B".');
  });
});

test.runIf(process.platform === 'linux')('the peak of a process stays known when its memory is given back', async () => {
  const script = 'let all = Buffer.alloc(200 << 20, 1); setTimeout(() => { all = null; gc(); }, 300); setTimeout(() => {}, 1500)';
  const child = spawn(process.execPath, ['--expose-gc', '-e', script], { stdio: 'ignore' });
  const stop = watchPeakMemory(child.pid ?? 0);
  await new Promise((resolve) => child.once('close', resolve));
  const peak = stop();
  expect(peak).toBeGreaterThan(200);
  expect(peak).toBeLessThan(600);
});

test('the memory of a process that is gone is not known', () => {
  expect(watchPeakMemory(2 ** 22 + 1)()).toBeNull();
});
