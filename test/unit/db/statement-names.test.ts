import { expect, it } from 'vitest';
import { createStatementNames } from '#lib/db/statement-names';

it('names what is said again and again, each text differently, and only so many', () => {
  const nameOf = createStatementNames();
  expect([1, 2, 3, 4].map(() => nameOf({ sql: 'select 1' }) !== '')).toEqual([false, false, true, true]);
  const first = nameOf({ sql: 'select 1' });
  const second = [1, 2, 3].map(() => nameOf({ sql: 'select 2' })).at(-1);
  expect(second).not.toBe('');
  expect(second).not.toBe(first);
  const named = new Set(Array.from({ length: 1000 }, (_, index) => [1, 2, 3].map(() => nameOf({ sql: `select ${index + 3}` })).at(-1)));
  named.delete('');
  expect(named.size).toBe(298);
});
