import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '#lib/domain/canonical-json';
import { dataCard, parseSnapshot, type SnapshotRecord, snapshotBytes, sortRecords } from '#lib/domain/snapshot';

function record(prompt: number, annotation: string, ranks: (number | null)[]): SnapshotRecord {
  const responses = ranks.map((rank, index) => ({ id: `r${prompt}-${index}`, hash: `h${index}`, rank }));
  return {
    annotation: { id: annotation, hash: 'a', kind: 'RANKING', schemaVersion: 1 },
    annotator: annotation.slice(0, 1),
    displayOrder: responses.map(({ id }) => id).reverse(),
    form: 'f',
    guideline: 'g',
    prompt: { id: `p${prompt}`, hash: 'p' },
    responses,
    split: prompt % 2 === 0 ? 'TRAIN' : 'VALIDATION',
  };
}

const records = fc.uniqueArray(
  fc
    .record({
      prompt: fc.nat(5),
      id: fc.uuid(),
      ranks: fc.array(fc.option(fc.integer({ min: 1, max: 3 })), { minLength: 2, maxLength: 4 }),
    })
    .map(({ prompt, id, ranks }) => record(prompt, id, ranks)),
  { selector: ({ annotation }) => annotation.id, maxLength: 12 },
);

describe('snapshot', () => {
  it('has the same bytes, hash and card whatever the order in which the rows came, and reads back', () => {
    fc.assert(
      fc.property(records, fc.integer(), (all, seed) => {
        const shuffled = all.map((one) => ({ one, key: sha256Hex(`${seed} ${one.annotation.id}`) }));
        shuffled.sort((a, b) => (a.key < b.key ? -1 : 1));
        const other = shuffled.map(({ one }) => JSON.parse(JSON.stringify(one)) as SnapshotRecord);
        expect(sha256Hex(snapshotBytes(other))).toBe(sha256Hex(snapshotBytes(all)));
        expect(parseSnapshot(snapshotBytes(other))).toEqual(sortRecords(all));
        expect(dataCard(other)).toEqual(dataCard(all));
      }),
      { numRuns: 50 },
    );
  });

  it('changes its hash with any rank', () => {
    const before = snapshotBytes([record(0, 'a', [1, 2, 2])]);
    expect(sha256Hex(snapshotBytes([record(0, 'a', [1, 2, 3])]))).not.toBe(sha256Hex(before));
    expect(sha256Hex(snapshotBytes([record(0, 'a', [1, 2, null])]))).not.toBe(sha256Hex(before));
  });

  it('counts pairs, ties, what was set aside, and agreement with ties as halves', () => {
    // Prompt 0: a > b > c against a > b = c: 1, 1, 1/2. Prompt 1: exactly opposite: 0 of 1 shared pair (the third is aside).
    const card = dataCard([
      record(0, 'a', [1, 2, 3]),
      record(0, 'b', [1, 2, 2]),
      record(1, 'a1', [1, 2, null]),
      record(1, 'b1', [2, 1, 3]),
      record(2, 'a2', [1, 1, 2]),
    ]);
    expect(card).toMatchObject({
      annotations: 5,
      prompts: 3,
      responses: 9,
      annotators: 2,
      pairs: { strict: 11, tied: 2 },
      setAside: 1,
      overlap: { prompts: 2 },
      splits: { TRAIN: { prompts: 2, annotations: 3, pairs: 9 }, VALIDATION: { prompts: 1, annotations: 2, pairs: 4 } },
    });
    expect(card.agreement).toMatchObject({ defined: true, value: 2.5 / 4, n: 2 });
  });

  it('says why agreement is undefined where nothing overlaps', () => {
    expect(dataCard([record(0, 'a', [1, 2])]).agreement).toMatchObject({ defined: false, n: 0 });
  });
});

describe('choices between two', () => {
  const choice: SnapshotRecord = { ...record(1, 'a1', [1, 1]), strength: undefined };

  it('leaves the bytes of rankings as they were, and keeps strength and "both bad"', () => {
    const plain = new TextDecoder().decode(snapshotBytes([choice]));
    expect(plain).not.toContain('strength');
    expect(plain).not.toContain('bothBad');
    const annotation = { ...choice.annotation, kind: 'PAIRWISE' as const };
    const kept = [
      { ...choice, annotation, bothBad: true as const, strength: undefined },
      { ...record(2, 'a2', [1, 2]), annotation: { ...annotation, id: 'a2' }, strength: 3 },
    ];
    expect(parseSnapshot(snapshotBytes(kept)).map(({ strength, bothBad }) => [strength, bothBad])).toEqual([
      [undefined, true],
      [3, undefined],
    ]);
  });

  it('refuses strengths beyond 3 and kinds that compare nothing', () => {
    const line = JSON.stringify({ ...choice, strength: 4 });
    expect(() => parseSnapshot(new TextEncoder().encode(line))).toThrow();
    const flags = JSON.stringify({ ...choice, annotation: { ...choice.annotation, kind: 'FLAGS' } });
    expect(() => parseSnapshot(new TextEncoder().encode(flags))).toThrow();
  });
});
