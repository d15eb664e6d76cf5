import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashJson, saltedHash, sha256Hex } from '#lib/domain/canonical-json';
import { displayOrder } from '#lib/domain/display-order';
import { promptContentHash, promptText } from '#lib/domain/prompts';

describe('canonical JSON', () => {
  it('says the same as JSON, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(text);
      }),
    );
  });

  it('has these bytes', () => {
    expect(canonicalJson({ b: [1, 0.1, 1e21, -0], a: 'é\n', c: undefined, 'a.b': null })).toBe(
      '{"a":"é\\n","a.b":null,"b":[1,0.1,1e+21,0]}',
    );
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', () => 0])('refuses what JSON cannot hold', (value) => {
    expect(() => canonicalJson({ value })).toThrow();
  });

  it('salts so that neither part can slide into the other', () => {
    expect(saltedHash('ab', 'c')).not.toBe(saltedHash('a', 'bc'));
    expect(saltedHash('a', 'text')).not.toBe(saltedHash('b', 'text'));
    expect(hashJson({ a: 1, b: 2 })).toBe(hashJson({ b: 2, a: 1 }));
  });
});

describe('prompts', () => {
  it('are the same when only line ends, outer white space or Unicode form differ', () => {
    const one = promptContentHash([{ role: 'user', content: 'caf\u00e9\r\nau lait ' }]);
    expect(promptContentHash([{ role: 'user', content: ' cafe\u0301\nau lait' }])).toBe(one);
    expect(promptContentHash([{ role: 'user', content: 'Caf\u00e9\nau lait' }])).not.toBe(one);
    expect(promptContentHash([{ role: 'system', content: 'caf\u00e9\nau lait' }])).not.toBe(one);
  });

  it('become the text that a completion goes on from', () => {
    expect(
      promptText([
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Once upon a time' },
      ]),
    ).toBe('Be short.\nOnce upon a time');
  });
});

describe('display order', () => {
  it('is a permutation that stays for one annotator and task', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 9 }), fc.uuid(), fc.uuid(), (ids, annotator, task) => {
        const order = displayOrder(ids, annotator, task);
        expect([...order].sort()).toEqual([...ids].sort());
        expect(displayOrder([...ids].reverse(), annotator, task)).toEqual(order);
      }),
    );
  });

  it('puts each answer on each place about equally often: 6,000 annotators, 3 answers, chi-square below the 0.1% bound', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 6000; index += 1) {
      const key = displayOrder(['a', 'b', 'c'], `annotator ${index}`, 'task').join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(20.5); // chi-square, 5 degrees of freedom
  });
});
