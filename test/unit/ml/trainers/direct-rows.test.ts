import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createLanguageModel } from '#lib/ml/nn/language-model';
import { AnswerTable, referenceSums } from '#lib/ml/trainers/direct-answers';
import { answersPerRow, layAnswers, readByRow, sumByAnswer } from '#lib/ml/trainers/direct-rows';
import { pairsFromRankings } from '#lib/ml/trainers/dpo-pairs';
import { referenceModel } from '#lib/ml/training/reference';
import { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { tinyPairs } from './direct-harness';
import { tinyConfig, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

describe('rows of answers', () => {
  const groups = [
    {
      prompt: [1, 4, 5],
      answers: [
        [6, 7, 2],
        [8, 2],
        [9, 9, 9, 2],
      ],
    },
    { prompt: [1, 3], answers: [[5, 2]] },
    { prompt: [1, 6, 6, 6], answers: [[7, 7], [2], [3, 2]] },
  ];

  it('say the same of every answer however many share a row', () => {
    const model = createLanguageModel(engine, tinyFiles(1));
    const logProbs = new TargetLogProbs(model.trunk);
    const sums = (perRow: number) => {
      const { lengths, rows } = layAnswers(groups, tinyConfig, perRow);
      return sumByAnswer(logProbs.read(rows), lengths);
    };
    const alone = sums(1);
    expect(alone).toHaveLength(7);
    const near = (values: readonly number[]) => {
      for (const [index, value] of values.entries()) expect(value).toBeCloseTo(alone[index]!, 4);
    };
    for (const perRow of [2, 3, 9]) near(sums(perRow));
    const flat = groups.flatMap(({ answers, prompt }) => answers.map((response) => ({ prompt, response })));
    const byRow = readByRow((rows) => logProbs.read(rows), flat, { model: tinyConfig, perRow: 3, batchSize: 4 });
    expect(byRow.map((row) => row.length)).toEqual([3, 2, 4, 2, 2, 1, 2]);
    near(byRow.map((row) => row.reduce((a, b) => a + b, 0)));
    logProbs.dispose();
    model.dispose();
  });

  it('share a prompt where that pays', () => {
    const sizes = { answer: 32, count: 8, width: 288 };
    expect(answersPerRow({ ...sizes, prompt: 1 })).toBe(1);
    expect(answersPerRow({ ...sizes, prompt: 400 })).toBe(8);
    expect(answersPerRow({ ...sizes, prompt: 64 })).toBeGreaterThan(1);
    expect(answersPerRow({ ...sizes, prompt: 400, count: 1 })).toBe(1);
  });

  it('hold each answer of a prompt once; the reference is asked once for it', async () => {
    const model = createLanguageModel(engine, tinyFiles(1));
    const reference = referenceModel(model);
    const table = new AnswerTable(tinyConfig);
    const places = tinyPairs(12).flatMap(({ chosen, pairId, prompt, promptId, rejected, split }) =>
      [chosen, rejected, chosen].map((answer) => ({
        answer,
        prompt,
        place: table.add({ where: pairId, promptId, split, prompt, answer }),
      })),
    );
    expect(table.prompts.reduce((sum, { answers }) => sum + answers.length, 0)).toBe(24);
    const signal = new AbortController().signal;
    const computing = referenceSums({ table, reference, temperature: 1, batchSize: 6, signal });
    const done: number[] = [];
    let next = await computing.next();
    for (; !next.done; next = await computing.next()) done.push(next.value.done);
    expect(done.at(-1)).toBe(table.prompts.length);
    expect(done.length).toBeGreaterThan(2);
    const logProbs = new TargetLogProbs(model.trunk);
    for (const { answer, place, prompt } of places) {
      const { lengths, rows } = layAnswers([{ prompt, answers: [answer] }], tinyConfig, 1);
      expect(next.value.of(place)).toBeCloseTo(sumByAnswer(logProbs.read(rows), lengths)[0]!, 4);
    }
    for (const each of [logProbs, reference, model]) each.dispose();
  });
});

describe('pairs of rankings', () => {
  const responses = ['a', 'b', 'c', 'd'].map((responseId, index) => ({ responseId, tokens: [5 + index, 2] }));
  const prompt = { promptId: 'p', split: 'TRAIN' as const, prompt: [1, 4], responses };
  const weights = (rankings: readonly { ranks: (number | null)[]; weight?: number }[], ties?: 'drop' | 'both') => {
    const { leftOut, pairs } = pairsFromRankings([{ ...prompt, rankings }], ties === undefined ? {} : { ties });
    return { leftOut, pairs: Object.fromEntries(pairs.map(({ pairId, weight }) => [pairId.slice(2), Number(weight.toFixed(6))])) };
  };

  it('weigh 1 / C(K, 2) each', () => {
    const { leftOut, pairs } = weights([{ ranks: [2, 1, 3, 4] }]);
    const sixth = 0.166667;
    expect(pairs).toEqual({ 'b>a': sixth, 'a>c': sixth, 'a>d': sixth, 'b>c': sixth, 'b>d': sixth, 'c>d': sixth });
    expect(leftOut).toEqual([]);
    const [first] = pairsFromRankings([{ ...prompt, rankings: [{ ranks: [2, 1, null, null] }] }]).pairs;
    expect(first).toMatchObject({
      promptId: 'p',
      split: 'TRAIN',
      prompt: [1, 4],
      chosen: [6, 2],
      rejected: [5, 2],
      weight: 1,
      margin: null,
    });
  });

  it('leave ties out, or make them pairs of both directions', () => {
    expect(weights([{ ranks: [1, 1, 2, null] }]).pairs).toEqual({ 'a>c': 0.5, 'b>c': 0.5 });
    const third = 0.333333;
    expect(weights([{ ranks: [1, 1, 2, null] }], 'both').pairs).toEqual({ 'a>b': 0.166667, 'b>a': 0.166667, 'a>c': third, 'b>c': third });
  });

  it('add up annotators, keep who disagrees, and report what says nothing', () => {
    const { leftOut, pairs } = weights([
      { ranks: [1, 2, null, null] },
      { ranks: [1, 2, null, null], weight: 0.5 },
      { ranks: [2, 1, null, null], weight: 0.25 },
      { ranks: [1, 1, null, null] },
      { ranks: [1, null, null, null] },
    ]);
    expect(pairs).toEqual({ 'a>b': 1.5, 'b>a': 0.25 });
    expect(leftOut).toEqual([
      { promptId: 'p', reason: 'nothing-ranked', count: 1 },
      { promptId: 'p', reason: 'all-tied', count: 1 },
    ]);
    const equal = { ...prompt, responses: [responses[0]!, { ...responses[0]!, responseId: 'same' }, responses[1]!] };
    const made = pairsFromRankings([{ ...equal, rankings: [{ ranks: [1, 2, 3] }] }]);
    expect(made.pairs.map(({ pairId, weight }) => [pairId, weight])).toEqual([
      ['p/a>b', 0.5],
      ['p/same>b', 0.5],
    ]);
    expect(made.leftOut).toEqual([{ promptId: 'p', reason: 'identical-answers', count: 1 }]);
  });
});
