import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { rowScores } from '#lib/ml/forward';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { answerRows } from '#lib/ml/trainers/reward-rows';
import { TargetScores } from '#lib/ml/training/target-scores';
import { tinyConfig, tinyFiles } from './tiny-model';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ backend: 'auto' });
}, 60_000);

const random = createRandom(2, 'rows');
const tokens = (count: number) => Array.from({ length: count }, () => 3 + random.integer(9));
const prompt = (length: number, answers: readonly number[]) => ({
  prompt: [1, ...tokens(length - 1)],
  answers: answers.map((count) => tokens(count)),
});

/** Scores as laid out, and those of every answer in a row of its own. */
function both(prompts: readonly { prompt: number[]; answers: number[][] }[]) {
  const model = createScalarModel(engine, tinyFiles(1), { headSeed: 5 });
  const scores = new TargetScores(model);
  const { positions, rows } = answerRows(prompts, tinyConfig);
  const shared = scores.read(rows, positions);
  const alone = rowScores(
    engine,
    model,
    prompts.flatMap(({ answers, prompt: begin }) => answers.map((response) => ({ prompt: begin, response }))),
    { batchSize: 64 },
  );
  scores.dispose();
  model.dispose();
  return { rows, shared: [...shared], alone };
}

describe('answerRows', () => {
  it('computes a long prompt once for its answers, also where a row is longer than the context', () => {
    const { alone, rows, shared } = both([prompt(22, [5, 1, 9, 10, 4, 2, 3]), prompt(20, [8, 8, 8, 8])]);
    expect(rows.time).toBeGreaterThan(tinyConfig.contextLength);
    expect(rows.batch).toBe(2);
    for (const [index, score] of alone.entries()) expect(shared[index]).toBeCloseTo(score, 5);
  });

  it('lets long answers to a short prompt stand in rows of their own, and reads an empty answer at the prompt', () => {
    const { alone, rows, shared } = both([prompt(2, [28, 29, 30, 0]), prompt(1, [27, 30, 29])]);
    expect(rows.time).toBe(32);
    for (const [index, score] of alone.entries()) expect(shared[index]).toBeCloseTo(score, 5);
  });

  it('packs answers of different lengths', () => {
    const prompts = Array.from({ length: 12 }, (_, index) => prompt(2, [3, 1 + index, 30 - 2 * index]));
    const { alone, rows, shared } = both(prompts);
    const written = prompts.reduce((sum, { answers }) => sum + answers.reduce((all, { length }) => all + length + 2, 0), 0);
    expect(rows.batch * rows.time).toBeLessThan(1.5 * written);
    expect(rows.batch * rows.time).toBeLessThan(36 * 32 * 0.75);
    for (const [index, score] of alone.entries()) expect(shared[index]).toBeCloseTo(score, 5);
  });

  it('refuses what does not fit', () => {
    expect(() => answerRows([prompt(3, [30])], tinyConfig)).toThrow(/33 tokens/);
  });
});
