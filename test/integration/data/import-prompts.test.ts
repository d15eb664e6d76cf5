import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemActor } from '#lib/domain/actor';
import { canonicalJson, saltedHash } from '#lib/domain/canonical-json';
import { importPrompts } from '#lib/services/data/import-prompts';
import { listDatasets } from '#lib/services/data/list-datasets';
import { listPrompts } from '#lib/services/data/list-prompts';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createMember, TestClock } from '../../support/labeling';

let database: TestDatabase;
const system = systemActor('test');

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function setUp() {
  const { projectId } = await createBareProject(database.db);
  const researcher = await createMember(database.db, projectId, ['RESEARCHER']);
  return { deps: { db: database.db, clock: new TestClock() }, projectId, researcher };
}

const encode = (lines: readonly unknown[]) =>
  new TextEncoder().encode(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));

describe('importing prompts', () => {
  it('takes the good rows, names the faulty ones, and counts what was there before', async () => {
    const { deps, projectId, researcher } = await setUp();
    const bytes = encode([
      { prompt: 'Once upon a time' },
      '{"prompt": ',
      { messages: [{ role: 'user', content: 'Hello' }], group: 'greeting' },
      { prompt: 'Once upon a time ' },
      { messages: [{ role: 'bot', content: 'x' }] },
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'bot', content: 'x' },
        ],
      },
      '',
    ]);
    const result = await importPrompts(deps, researcher, { projectId, name: 'stories', sourceName: 'stories.jsonl', bytes });
    expect(result).toMatchObject({ taken: 2, duplicates: 1, rejected: 3 });
    expect(result.splits.TRAIN + result.splits.VALIDATION + result.splits.TEST).toBe(2);
    expect(result.errors.map(({ cause, count }) => [cause, count])).toEqual([
      ['messages[].role must be one of "system", "user", "assistant"', 2],
      [expect.stringContaining('is not JSON'), 1],
    ]);
    expect(result.errors[0]?.examples.map(({ line, field }) => [line, field])).toEqual([
      [5, 'messages[0].role'],
      [6, 'messages[1].role'],
    ]);
    const datasets = await listDatasets(deps, researcher, { projectId });
    expect(datasets).toHaveLength(2);
    expect(datasets.find(({ name }) => name === 'stories')).toMatchObject({
      taken: 2,
      duplicates: 1,
      rejected: 3,
      prompts: 2,
      splits: result.splits,
    });
    const { prompts, next } = await listPrompts(deps, researcher, { datasetId: result.datasetId, limit: 1 });
    expect(prompts).toMatchObject([{ ordinal: 0, messages: [{ role: 'user', content: 'Once upon a time' }], responses: 0 }]);
    expect(next).toBe(0);
    const rest = await listPrompts(deps, researcher, { datasetId: result.datasetId, after: 0 });
    expect(rest).toMatchObject({ prompts: [{ ordinal: 1, messages: [{ content: 'Hello' }] }], next: null });
    const rows = await database.db.prompt.findMany({ where: { datasetId: result.datasetId } });
    for (const row of rows) expect(row.saltedHash).toBe(saltedHash(row.salt, canonicalJson(row.messages)));
    expect(new Set(rows.map(({ salt }) => salt)).size).toBe(2);
  });

  it.each([
    ['an empty file', [], 'holds no prompt'],
    ['only empty lines', ['', '  '], 'holds no prompt'],
    ['only faulty rows', ['x', { prompt: '' }], 'First fault: line 1: is not JSON'],
    ['a file of another kind', ['a,b,c', ...Array.from({ length: 20 }, (_, n) => `${n},2,3`), { prompt: 'one' }], '21 of 22 lines'],
  ])('refuses %s and keeps nothing', async (_name, lines, message) => {
    const { deps, projectId, researcher } = await setUp();
    const importing = importPrompts(deps, researcher, { projectId, name: 'bad', sourceName: 'bad.jsonl', bytes: encode(lines) });
    await expect(importing).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(importing).rejects.toThrow(message);
    expect(await database.db.dataset.count({ where: { projectId, name: 'bad' } })).toBe(0);
  });

  it('leaves what was there before where the name is taken, and where the database stops it midway', async () => {
    const { deps, projectId, researcher } = await setUp();
    await importPrompts(deps, researcher, { projectId, name: 'mine', bytes: encode([{ prompt: 'a' }]) });
    await expect(importPrompts(deps, researcher, { projectId, name: 'mine', bytes: encode([{ prompt: 'b' }]) })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await database.db.$executeRaw`alter table "Prompt" add constraint "test_stop" check ("ordinal" < 1500)`;
    try {
      const many = encode(Array.from({ length: 2000 }, (_, n) => ({ prompt: `Prompt ${n}` })));
      await expect(importPrompts(deps, researcher, { projectId, name: 'many', bytes: many })).rejects.toThrow();
    } finally {
      await database.db.$executeRaw`alter table "Prompt" drop constraint "test_stop"`;
    }
    expect(await database.db.prompt.count({ where: { dataset: { projectId } } })).toBe(1);
    expect(await database.db.dataset.count({ where: { projectId, name: 'many' } })).toBe(0);
  });

  it('gives a prompt the split it has elsewhere in the project, whatever the shares', async () => {
    const { deps, projectId, researcher } = await setUp();
    const prompts = Array.from({ length: 60 }, (_, n) => ({ prompt: `Prompt ${n}` }));
    const first = await importPrompts(deps, researcher, { projectId, name: 'first', bytes: encode(prompts) });
    const onlyTest = { train: 0, validation: 0, test: 1 };
    const shouted = prompts.map(({ prompt }) => ({ prompt: prompt.toUpperCase() }));
    const second = await importPrompts(deps, researcher, { projectId, name: 'second', bytes: encode(shouted), fractions: onlyTest });
    expect(second.splits).toEqual(first.splits);
    expect(first.splits.TRAIN).toBeGreaterThan(30);
    const other = await setUp();
    const elsewhere = await importPrompts(other.deps, other.researcher, {
      projectId: other.projectId,
      name: 'first',
      bytes: encode(prompts),
      fractions: onlyTest,
    });
    expect(elsewhere.splits).toEqual({ TRAIN: 0, VALIDATION: 0, TEST: 60 });
  });

  it('keeps a group in one split', async () => {
    const { deps, projectId, researcher } = await setUp();
    const prompts = Array.from({ length: 40 }, (_, n) => ({ prompt: `Prompt ${n}`, group: 'one topic' }));
    const { splits } = await importPrompts(deps, researcher, { projectId, name: 'grouped', bytes: encode(prompts) });
    expect(Object.values(splits).sort((a, b) => a - b)).toEqual([0, 0, 40]);
  });

  it('is for researchers and admins of the project', async () => {
    const { deps, projectId } = await setUp();
    const input = { projectId, name: 'x', bytes: encode([{ prompt: 'a' }]) };
    for (const role of ['ANNOTATOR', 'REVIEWER'] as const) {
      const member = await createMember(database.db, projectId, [role]);
      await expect(importPrompts(deps, member, input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    const stranger = (await setUp()).researcher;
    await expect(importPrompts(deps, stranger, input)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const annotator = await createMember(database.db, projectId, ['ANNOTATOR']);
    await expect(listDatasets(deps, annotator, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { datasetId } = await importPrompts(deps, system, input);
    await expect(listPrompts(deps, annotator, { datasetId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(listPrompts(deps, stranger, { datasetId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('takes 20,000 prompts in one go', async () => {
    const { deps, projectId } = await setUp();
    const bytes = encode(Array.from({ length: 20_000 }, (_, n) => ({ prompt: `A longer prompt with the number ${n} in it` })));
    const started = performance.now();
    const { taken } = await importPrompts(deps, system, { projectId, name: 'large', bytes });
    console.log(`20,000 prompts imported in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    expect(taken).toBe(20_000);
    expect(await database.db.prompt.count({ where: { dataset: { projectId, name: 'large' } } })).toBe(20_000);
  });
});
