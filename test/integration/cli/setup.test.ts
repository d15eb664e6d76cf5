import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCli } from './run-cli';

const home = mkdtempSync(path.join(tmpdir(), 'plumbline-setup-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('plumbline setup tensorflow tells what is set up, without a database', async () => {
  const [json, text, wrong] = await Promise.all([
    runCli(['setup', 'tensorflow', '--json'], { home }),
    runCli(['setup', 'tensorflow'], { home }),
    runCli(['setup', 'tensorflow', '--release', 'newest', '--json'], { home }),
  ]);
  expect(json.code, json.stderr).toBe(0);
  expect(json.json).toMatchObject({ ready: true, how: 'already', library: expect.stringMatching(/^2\./), gpu: expect.any(Boolean) });
  expect(text.stdout).toContain('it worked already');
  expect(wrong.code).toBe(2);
  expect(wrong.json.error).toMatchObject({ code: 'BAD_INPUT', details: { option: 'release' } });
});
