import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { createScalarModel } from '#lib/ml/nn/language-model';
import { trainReward } from '#lib/ml/trainers/reward';
import { type RewardConfig, rewardConfig } from '#lib/ml/trainers/reward-config';
import type { RankedPrompt } from '#lib/ml/trainers/reward-pairs';
import { numberTokenizer, tinyFiles } from '../unit/ml/trainers/tiny-model';

/**
 * Twenty updates of reward training must stay what they were: `trajectories/reward.json` holds their metrics. Where a change of the mathematics is meant,
 * write it anew with
 *
 *   PLUMBLINE_WRITE_TRAJECTORIES=1 npx vitest run --project unit test/invariant/reward.test.ts
 */
const file = new URL('trajectories/reward.json', import.meta.url);

/** Other processors round differently. */
const tolerance = 1e-4;

const held = ['train/loss', 'train/scoreMean', 'train/scoreStd', 'train/gradientNorm', 'terms/tie', 'terms/accuracy', 'terms/position'];

const cases: Readonly<Record<string, Partial<RewardConfig>>> = {
  'rankings with ties as soft labels': {},
  'Davidson, annotators, margins': {
    ties: 'davidson',
    margins: 'llama2Small',
    labelSmoothing: 0.05,
    weighting: 'judgement',
    microbatchSize: 2,
    terms: { accuracy: true, temperature: true, position: true, length: true },
  },
  'Plackett-Luce': { loss: 'plackettLuce' },
};

/** Rankings of four answers with ties, answers set aside, strengths, two annotators and what was shown first. */
function rankings(): RankedPrompt[] {
  const random = createRandom(21, 'trajectory');
  return Array.from({ length: 16 }, (_, p): RankedPrompt => {
    const responses = Array.from({ length: 4 }, (_, k) => ({
      responseId: `${p}-${k}`,
      tokens: [...Array.from({ length: 2 + random.integer(3) }, () => 3 + random.integer(9)), 2],
    }));
    return {
      promptId: `p${p}`,
      split: 'TRAIN',
      prompt: [1, ...Array.from({ length: 9 + random.integer(3) }, () => 3 + random.integer(9))],
      responses,
      rankings: ['a', 'b'].map((annotatorId) => ({
        annotatorId,
        ranks: responses.map((_, index) => (index === 3 && p % 3 === 0 ? null : 1 + random.integer(3))),
        strength: random.integer(4),
        shown: random.shuffle([0, 1, 2, 3]),
      })),
    };
  });
}

describe('twenty updates of reward training', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  async function trajectory(config: Partial<RewardConfig>): Promise<Record<string, number>[]> {
    const model = createScalarModel(engine, tinyFiles(3), { headSeed: 4 });
    const training = trainReward({
      engine,
      model,
      tokenizer: numberTokenizer,
      data: rankings(),
      config: rewardConfig.parse({ seed: 6, epochs: 5, batchSize: 4, learningRate: 3e-3, checkpointEvery: 1000, ...config }),
      signal: new AbortController().signal,
    });
    const rows: Record<string, number>[] = [];
    for await (const { metrics } of training) {
      rows.push(Object.fromEntries(held.flatMap((name) => (metrics[name] === undefined ? [] : [[name, metrics[name]]]))));
    }
    model.dispose();
    return rows;
  }

  it('stay what they were', async () => {
    const now: Record<string, Record<string, number>[]> = {};
    for (const [name, config] of Object.entries(cases)) now[name] = await trajectory(config);
    if (process.env.PLUMBLINE_WRITE_TRAJECTORIES) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
    expect(existsSync(file)).toBe(true);
    const before = JSON.parse(readFileSync(file, 'utf8')) as typeof now;
    expect(Object.keys(now)).toEqual(Object.keys(before));
    for (const [name, rows] of Object.entries(now)) {
      expect(rows).toHaveLength(20);
      rows.forEach((row, index) => {
        const expected = before[name]![index]!;
        expect(Object.keys(row)).toEqual(Object.keys(expected));
        for (const [metric, value] of Object.entries(row)) {
          const distance = Math.abs(value - expected[metric]!) / Math.max(Math.abs(expected[metric]!), 0.01);
          expect(distance, `${name}, update ${index + 1}, ${metric}: ${value} instead of ${expected[metric]}`).toBeLessThan(tolerance);
        }
      });
    }
  });
});
