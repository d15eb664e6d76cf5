import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import { median, trainingFlopsPerToken } from '../../../../scripts/bench/bench-model';
import { cases, chooseCases, readMeasured, type Side, sides } from '../../../../scripts/bench/cases';
import { raggedLoad } from '../../../../scripts/bench/ragged-load';
import { type Run, ratios, rows } from '../../../../scripts/bench/summary';

function run(id: string, side: Side, round: number, best: number): Run {
  return { case: id, side, round, batch: null, best, median: best - 1, cpuMs: 2, otherWork: 0, seconds: 1 };
}

describe('what a process printed', () => {
  test('is read from the sentence of train.py', () => {
    const output = 'torch 2.9.1 A loss 7.6246 min tok/s 6361 med 6216 cpu ms/step 663 sys 12\n';
    expect(readMeasured(output)).toEqual({ best: 6361, median: 6216, cpuMs: 663 });
  });

  test('is read from the sentence of decode.py, whose best is all it tells', () => {
    const output = 'a warning\nhf generate sample B 8 new 96 prompt 32 threads 2 best tok/s 360 cpu ms/token-step 11.25\n';
    expect(readMeasured(output)).toEqual({ best: 360, median: 360, cpuMs: 11.25 });
  });

  test('is read from the last line of JSON', () => {
    expect(readMeasured('{"best":1,"median":1,"cpuMs":1}\n{"best":7.5,"median":7,"cpuMs":0.5,"loss":6}\n')).toEqual({
      best: 7.5,
      median: 7,
      cpuMs: 0.5,
    });
  });

  test('is nothing where there are no numbers', () => {
    expect(readMeasured('Traceback (most recent call last):\nModuleNotFoundError')).toBeUndefined();
    expect(readMeasured('{"best":0,"median":1,"cpuMs":1}')).toBeUndefined();
  });
});

describe('ratios', () => {
  test('are of medians over the rounds, named as the contract names them', () => {
    const runs = cases.flatMap(({ id }, at) =>
      [1, 2, 3].flatMap((round) => [
        run(id, 'plumbline', round, [300, 100 * (at + 2), 10_000][round - 1] ?? 0),
        run(id, 'reference', round, [90, 100, 110][round - 1] ?? 0),
        run(id, 'reference-huge-pages', round, 200),
      ]),
    );
    expect(ratios(runs, cases, 'reference')).toEqual({
      train: { A: 3, S: 3 },
      greedy: { 1: 4, 8: 5, 32: 6 },
      sampling: { 8: 7 },
      ragged: 8,
    });
    expect(ratios(runs, cases, 'reference-huge-pages')).toMatchObject({ ragged: 4 });
  });

  test('leave out what was not measured', () => {
    const chosen = chooseCases('train.A,ragged');
    expect(
      ratios([run('train.A', 'plumbline', 1, 3), run('train.A', 'reference', 1, 2), run('ragged', 'reference', 1, 2)], chosen, 'reference'),
    ).toEqual({
      train: { A: 1.5 },
    });
    expect(rows([run('train.A', 'plumbline', 1, 7000)], chosen, sides)).toEqual([
      ['train.A', 'plumbline', '7000', '7000 to 7000', '2.00', '209', ''],
    ]);
  });

  test('an unknown benchmark is named', () => {
    expect(chooseCases('greedy').map(({ id }) => id)).toEqual(['greedy.1', 'greedy.8', 'greedy.32']);
    expect(() => chooseCases('train,beam')).toThrow(AppError);
    expect(() => chooseCases('train,beam')).toThrow('"beam"');
  });
});

test('the floating point operations of a training token are counted by hand', () => {
  // A: 4 layers of 4 x 256^2 + 3 x 256 x 1024 weights, head 2048 x 256; attention 4 x 128 x 256 a layer; three times for the gradient.
  expect(trainingFlopsPerToken('A')).toBe(3 * (2 * (4 * (262_144 + 786_432) + 524_288) + 4 * 131_072));
});

test('the median of an even count lies between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([5])]).toEqual([2, 2.5, 5]);
});

test('the ragged load is the same every time, within its bounds, with many short answers and some long ones', () => {
  const load = raggedLoad({ prompts: 64, samples: 4, vocabulary: 32_000, seed: 1 });
  expect(load).toEqual(raggedLoad({ prompts: 64, samples: 4, vocabulary: 32_000, seed: 1 }));
  const lengths = load.prompts.map((prompt) => prompt.length);
  const limits = load.limits.flat();
  expect(limits).toHaveLength(256);
  for (const length of [...lengths, ...limits])
    expect(length).toSatisfy((value: number) => Number.isInteger(value) && value >= 8 && value <= 128);
  expect(new Set(lengths).size).toBeGreaterThan(30);
  expect(median(limits)).toBeLessThan(40);
  expect(Math.max(...limits)).toBeGreaterThan(100);
  for (const token of load.prompts.flat()) expect(token >= 3 && token < 32_000).toBe(true);
});
