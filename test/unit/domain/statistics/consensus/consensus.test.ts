import { describe, expect, it } from 'vitest';
import { createRandom } from '#lib/domain/random';
import { borda } from '#lib/domain/statistics/consensus/borda';
import { copeland } from '#lib/domain/statistics/consensus/copeland';
import { kemeny } from '#lib/domain/statistics/consensus/kemeny';
import type { Ballot } from '#lib/domain/statistics/consensus/majorities';
import { rankedPairs } from '#lib/domain/statistics/consensus/ranked-pairs';

function ballot(order: string, weight = 1): Ballot {
  const ranks: Record<string, number> = {};
  order.split('>').forEach((group, rank) => {
    for (const item of group.split('=')) ranks[item] = rank + 1;
  });
  return { ranks, weight };
}
const told = (consensus: ReturnType<typeof kemeny>) =>
  consensus.defined ? consensus.groups.map((group) => group.join('=')).join('>') : consensus.reason;

describe('consensus of rankings', () => {
  const tennessee = [ballot('M>N>C>K', 42), ballot('N>C>K>M', 26), ballot('C>K>N>M', 15), ballot('K>C>N>M', 17)];

  it('counts the capital of Tennessee', () => {
    expect(borda(tennessee).scores).toEqual({ M: 126, N: 194, C: 173, K: 107 });
    expect(copeland(tennessee).scores).toEqual({ N: 3, C: 2, K: 1, M: 0 });
    expect(told(rankedPairs(tennessee))).toBe('N>C>K>M');
    expect(told(kemeny(tennessee))).toBe('N>C>K>M');
    expect(told(borda(tennessee))).toBe('N>C>M>K');
  });

  it.each([borda, copeland, rankedPairs, kemeny])('ties where the majority margin is 0: %o', (method) => {
    expect(told(method([ballot('a>b>c'), ballot('b>a>c')]))).toBe('a=b>c');
    expect(told(method([ballot('a>b'), ballot('b>a')]))).toBe('a=b');
    expect(told(method([ballot('a=b>c'), ballot('a=b>c')]))).toBe('a=b>c');
    // a circle of equal majorities has no order
    expect(told(method([ballot('a>b>c'), ballot('b>c>a'), ballot('c>a>b')]))).toBe('a=b=c');
    expect(told(method([]))).toBe('nothing was ranked');
    // the names decide nothing
    expect(told(method([ballot('z>y>x'), ballot('y>z>x')]))).toBe('y=z>x');
  });

  it('breaks a circle at its smallest majority', () => {
    const circle = [ballot('a>b>c', 5), ballot('b>c>a', 4), ballot('c>a>b', 3)];
    // a over b 8-4, b over c 9-3, c over a 7-5
    expect(told(rankedPairs(circle))).toBe('a>b>c');
    expect(told(kemeny(circle))).toBe('a>b>c');
  });

  it('finds the same as trying every order', () => {
    const random = createRandom(4, 'kemeny');
    const items = ['a', 'b', 'c', 'd', 'e'];
    const orders = (left: readonly string[]): string[][] =>
      left.length === 0 ? [[]] : left.flatMap((item) => orders(left.filter((other) => other !== item)).map((rest) => [item, ...rest]));
    for (let world = 0; world < 20; world += 1) {
      const ballots = Array.from({ length: 4 }, () => ({ ranks: Object.fromEntries(items.map((item) => [item, 1 + random.integer(4)])) }));
      const turned = (order: readonly string[]) =>
        ballots.reduce((sum, { ranks }) => {
          let own = 0;
          order.forEach((a, at) => {
            for (const b of order.slice(at + 1)) if (ranks[a]! > ranks[b]!) own += 1;
          });
          return sum + own;
        }, 0);
      const all = orders(items).map((order) => ({ order, turned: turned(order) }));
      const least = Math.min(...all.map((each) => each.turned));
      const best = all.filter((each) => each.turned === least).map((each) => each.order);
      const found = kemeny(ballots);
      const place = (item: string) => (found.defined ? found.groups.findIndex((group) => group.includes(item)) : -1);
      for (const a of items) {
        for (const b of items) {
          // what all best orders put first stands no lower, and what stands strictly first is put first by all
          if (a !== b && place(a) < place(b)) for (const order of best) expect(order.indexOf(a)).toBeLessThan(order.indexOf(b));
        }
      }
      if (best.length === 1) expect(found.defined && found.groups.flat()).toEqual(best[0]);
    }
  });

  it('says where too many stand for election', () => {
    const many = { ranks: Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`i${at}`, at])) };
    expect(told(kemeny([many]))).toContain('at most 9 items');
    expect(told(rankedPairs([many]))).toBe('i0>i1>i2>i3>i4>i5>i6>i7>i8>i9');
  });
});
