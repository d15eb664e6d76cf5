import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { flatten, layEpisodes, readByEpisode } from '#lib/ml/trainers/ppo-rows';
import type { Episode } from '#lib/ml/training/examples';
import { TargetLogProbs } from '#lib/ml/training/target-log-probs';
import { models } from './ppo-world';

const limits = { padTokenId: 0, contextLength: 32 };
const episode = (prompt: number, response: number, index = 0): Episode => ({
  promptId: `${index}`,
  prompt: Array.from({ length: prompt }, (_, at) => (at === 0 ? 1 : 3 + ((at + index) % 9))),
  response: Array.from({ length: response }, (_, at) => 3 + ((at * 5 + index) % 9)),
  ended: false,
});

describe('rows of episodes', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: 'auto' });
  }, 60_000);

  it('have one text each where all are about as long, and share rows where that saves a quarter', () => {
    const alike = layEpisodes(
      [12, 13, 14, 12].map((length, index) => episode(2, length, index)),
      limits,
    );
    expect(alike.rows).toMatchObject({ batch: 4, time: 16, parts: undefined });
    expect(alike.order).toEqual([0, 1, 2, 3]);
    // 30 + 2 | 16 + 16 | 8 + 8 + 8 + 8: three rows of 32 instead of eight
    const lengths = [8, 30, 16, 2, 8, 16, 8, 8];
    const mixed = layEpisodes(
      lengths.map((length, index) => episode(1, length - 1, index)),
      limits,
    );
    expect(mixed.rows).toMatchObject({ batch: 3, time: 32 });
    expect(mixed.rows.parts).toBeDefined();
    expect([...mixed.order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // predictions stand in the order that is told
    const targets = flatten(
      lengths.map((length, index) => episode(1, length - 1, index).response),
      mixed.order,
    );
    expect([...mixed.rows.targets]).toEqual([...targets]);
  });

  it('tell every token the same, alone or beside others, and give it back by episode', () => {
    const used = models(engine);
    const logProbs = new TargetLogProbs(used.policy.trunk);
    const read = { policy: (rows: Parameters<typeof logProbs.read>[0]) => logProbs.read(rows, { recorded: false }) };
    const episodes = [3, 14, 1, 9, 2, 5, 1, 4].map((length, index) => episode(1 + (index % 3), length, index));
    const together = readByEpisode(episodes, limits, 8, read).policy;
    const alone = episodes.map((one) => readByEpisode([one], limits, 1, read).policy[0] as Float64Array);
    together.forEach((row, index) => {
      expect(row).toHaveLength(episodes[index]!.response.length);
      row.forEach((value, t) => {
        expect(value).toBeCloseTo(alone[index]![t]!, 5);
      });
    });
    logProbs.dispose();
    used.dispose();
  });
});
