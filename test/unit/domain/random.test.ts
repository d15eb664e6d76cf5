import { describe, expect, it } from 'vitest';
import { createRandom, restoreRandom } from '#lib/domain/random';
import { mean, variance } from '#lib/domain/statistics/summary';

const draw = (random: { next(): number }, count: number) => Array.from({ length: count }, () => random.next());

describe('createRandom', () => {
  it('repeats a stream and separates names, seeds and forks', () => {
    expect(draw(createRandom(7, 'ppo'), 5)).toEqual(draw(createRandom(7, 'ppo'), 5));
    const streams = [
      createRandom(7),
      createRandom(8),
      createRandom(7, 'ppo'),
      createRandom(7, 'ppo', 'order'),
      createRandom(7).fork('ppo'),
    ];
    expect(new Set(streams.map((stream) => stream.next())).size).toBe(streams.length);
  });

  it('forks from the identity, not from the position', () => {
    const parent = createRandom(1, 'a');
    const early = parent.fork('child').next();
    draw(parent, 10);
    expect(parent.fork('child').next()).toBe(early);
  });

  it('goes on after JSON of its state, forks included', () => {
    const random = createRandom('seed', 3);
    draw(random, 13);
    const restored = restoreRandom(JSON.parse(JSON.stringify(random.state())));
    expect(restored.fork('x').next()).toBe(random.fork('x').next());
    expect(draw(restored, 50)).toEqual(draw(random, 50));
  });

  it('is uniform, normal and unbiased within what chance allows', () => {
    const random = createRandom(11);
    const uniform = draw(random, 20000);
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 20000));
    const normal = Array.from({ length: 20000 }, () => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(4 / Math.sqrt(20000));
    expect(Math.abs(variance(normal) - 1)).toBeLessThan(4 * Math.sqrt(2 / 20000));
    const counts = [0, 0, 0];
    for (let index = 0; index < 30000; index += 1) counts[random.integer(3)]! += 1;
    // Chi-square with 2 degrees of freedom: 13.8 is exceeded once in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 10000) ** 2 / 10000, 0)).toBeLessThan(13.8);
  });

  it('shuffles every order equally often', () => {
    const random = createRandom(5, 'shuffle');
    const orders = new Map<string, number>();
    for (let index = 0; index < 6000; index += 1) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    // 5 degrees of freedom: 20.5 once in a thousand.
    expect([...orders.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(20.5);
  });

  it('refuses a range that is none', () => {
    expect(() => createRandom(1).integer(0)).toThrow(RangeError);
    expect(() => createRandom(1).integer(1.5)).toThrow(RangeError);
  });
});
