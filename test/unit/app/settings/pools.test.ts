import { describe, expect, it } from 'vitest';
import { wordsIn } from '../../../../app/p/[project]/_lib/words-in';
import { movable, openIn } from '../../../../app/p/[project]/(pages)/settings/labeling/_state/pools';

const tasks = [
  { datasetId: 'a', dataset: 'A', kind: 'RANKING', poolId: null, n: 4 },
  { datasetId: 'a', dataset: 'A', kind: 'FLAGS', poolId: 'p', n: 3 },
  { datasetId: 'b', dataset: 'B', kind: 'RANKING', poolId: 'p', n: 2 },
] as const;

describe('pools', () => {
  it('count what would move by a filter, and what lies where', () => {
    expect(movable(tasks, { datasetId: 'a', kind: null }, 'p')).toBe(4);
    expect(movable(tasks, { datasetId: 'a', kind: 'FLAGS' }, 'p')).toBe(0);
    expect(movable(tasks, { datasetId: null, kind: 'RANKING' }, null)).toBe(2);
    expect([openIn(tasks, null), openIn(tasks, 'p')]).toEqual([4, 5]);
  });

  it('read each word once, with commas of both languages', () => {
    expect(wordsIn(' law, medicine，law、 legal Chinese ,')).toEqual(['law', 'medicine', 'legal Chinese']);
  });
});
