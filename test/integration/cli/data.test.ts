import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { type CliOptions, failureOf, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
let database: TestDatabase;
let options: CliOptions;

function write(name: string, lines: readonly string[]): string {
  const file = path.join(folder, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

const prompts = (count: number) =>
  Array.from({ length: count }, (_, index) => JSON.stringify({ prompt: `Tell me about number ${index}.` }));
const importFile = (file: string, ...more: string[]) => runCli(['data', 'import', file, '--project', 'tales', ...more, '--json'], options);

beforeAll(async () => {
  database = await createTestDatabase();
  options = { home: path.join(folder, 'home'), databaseUrl: database.url };
  expect((await runCli(['projects', 'create', '--name', 'Tales', '--json'], options)).code).toBe(0);
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

it('takes a file in under its own name and accounts for every line', async () => {
  const lines = prompts(40);
  const taken = await importFile(write('openings.jsonl', [...lines, lines[0] ?? '', '{"prompt": 3}', 'no json']));
  expect(taken.code).toBe(0);
  expect(taken.json).toMatchObject({ project: 'tales', name: 'openings', taken: 40, duplicates: 1, rejected: 2 });
  const { splits, errors } = taken.json as { splits: Record<string, number>; errors: { examples: { line: number }[] }[] };
  expect(Object.values(splits).reduce((sum, count) => sum + count, 0)).toBe(40);
  expect(errors.flatMap(({ examples }) => examples.map(({ line }) => line)).sort()).toEqual([42, 43]);
  expect(await database.db.prompt.count()).toBe(40);

  const forPeople = await runCli(
    ['data', 'import', write('again.jsonl', [...lines, '{"prompt": 3}']), '--project', 'tales', '--name', 'second'],
    options,
  );
  expect(forPeople.stdout).toMatch(/prompts +40/);
  expect(forPeople.stdout).toContain('line 41: prompt must be a string');
  const list = await runCli(['data', 'list', '--project', 'tales', '--json'], options);
  expect((list.json.datasets as { name: string }[]).map(({ name }) => name)).toEqual(['second', 'openings']);
});

it('refuses a malformed or empty file, naming lines, and leaves what was there', async () => {
  const before = await database.db.prompt.count();
  const malformed = write('malformed.jsonl', [...prompts(3), ...Array.from({ length: 20 }, () => '{"prompt": ')]);
  const empty = write('empty.jsonl', ['', '  ']);
  const [bad, none, missing, taken, nowhere] = await Promise.all([
    importFile(malformed),
    importFile(empty),
    importFile(path.join(folder, 'missing.jsonl')),
    importFile(write('openings.jsonl', prompts(4))),
    runCli(['data', 'import', empty, '--project', 'tails', '--json'], options),
  ]);
  expect([bad, none, missing, taken, nowhere].map((run) => run.code)).toEqual([2, 2, 2, 1, 2]);
  expect(failureOf(bad).message).toContain('20 of 23 lines of malformed.jsonl cannot be read; nothing was imported');
  expect((failureOf(bad).details.errors as string[])[0]).toMatch(/^line 4: /);
  expect(bad.stderr).toContain('line 4: ');
  expect(failureOf(none).message).toContain('empty.jsonl holds no prompt');
  expect(failureOf(missing).details).toMatchObject({ file: path.join(folder, 'missing.jsonl') });
  expect(failureOf(taken)).toMatchObject({ code: 'CONFLICT', message: 'The project has a dataset named "openings".' });
  expect(failureOf(nowhere)).toMatchObject({ code: 'NOT_FOUND', message: 'There is no project "tails".', remedy: 'There are: "tales".' });
  expect(await database.db.prompt.count()).toBe(before);
  expect(await database.db.dataset.count()).toBe(2);
});
