import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

/** A copy of the tree to plant faults in: what the check reads, and a link to the installed packages. */
const root = path.resolve(import.meta.dirname, '../../..');
const copied = ['app', 'lib', 'workers', 'scripts', 'package.json', 'tsconfig.json', 'biome.json', '.gitignore', '.dependency-cruiser.cjs'];
let copy: string;

function check(only: string): { status: number | null; text: string } {
  const tsx = path.join(root, 'node_modules/tsx/dist/cli.mjs');
  const result = spawnSync(process.execPath, [tsx, path.join(root, 'scripts/check.ts'), '--root', copy, `--only=${only}`], {
    encoding: 'utf8',
  });
  return { status: result.status, text: `${result.stdout}${result.stderr}` };
}

function plant(file: string, text: string): () => void {
  writeFileSync(path.join(copy, file), text);
  return () => rmSync(path.join(copy, file));
}

describe('npm run check', { timeout: 300_000 }, () => {
  const planted: (() => void)[] = [];

  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'plumbline-check-'));
    for (const name of copied) cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    spawnSync('git', ['init', '-q'], { cwd: copy });
  });
  beforeEach(() => {
    while (planted.length) planted.pop()?.();
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('passes the import rules and reads every module', () => {
    const { status, text } = check('imports');
    expect(text).toMatch(/(\d+) of \1 modules read/);
    expect(status).toBe(0);
  });

  it('fails on a forbidden import', () => {
    planted.push(plant('lib/domain/planted.ts', "import { createDb } from '#lib/db/create-db';\nexport const planted = createDb;\n"));
    const { status, text } = check('imports');
    expect(text).toContain('domain-is-pure: lib/domain/planted.ts -> lib/db/create-db.ts');
    expect(status).toBe(1);
  });

  it('fails when the web imports tensor code', () => {
    planted.push(
      plant('app/planted.ts', "import { createEngine } from '#lib/ml/engine/create-engine';\nexport const planted = createEngine;\n"),
    );
    const { status, text } = check('imports');
    expect(text).toContain('web-has-no-tensors: app/planted.ts');
    expect(status).toBe(1);
  });

  it('fails on a cycle', () => {
    planted.push(plant('lib/domain/planted-a.ts', "import { b } from './planted-b';\nexport const a = () => b;\n"));
    planted.push(plant('lib/domain/planted-b.ts', "import { a } from './planted-a';\nexport const b = () => a;\n"));
    const { status, text } = check('imports');
    expect(text).toMatch(/no-cycles: lib\/domain\/planted-[ab]\.ts/);
    expect(status).toBe(1);
  });

  it('fails on console.log and process.env outside their places', () => {
    expect(check('lint').status).toBe(0);
    planted.push(plant('lib/domain/planted.ts', "export const planted = () => {\n  console.log('hello');\n};\n"));
    const log = check('lint');
    expect(log.text).toContain('noConsole');
    expect(log.status).toBe(1);
    planted.pop()?.();
    planted.push(plant('workers/planted.ts', 'export const planted = process.env.HOME;\n'));
    const environment = check('lint');
    expect(environment.text).toContain('noProcessEnv');
    expect(environment.status).toBe(1);
  });
});
