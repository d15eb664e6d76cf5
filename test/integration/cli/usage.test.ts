import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeCommands, leafCommands } from '../../../scripts/cli/describe-commands';
import { createProgram } from '../../../scripts/cli/program';
import { createTerminal } from '../../../scripts/cli/terminal';
import { failureOf, runCli, scratchFolder } from './run-cli';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = scratchFolder();
const options = { home: path.join(folder, 'home'), fromSource: true };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(write: (text: string) => void = () => undefined) {
  const context = {
    root,
    signal: new AbortController().signal,
    terminal: createTerminal(process.stderr),
    finish: () => undefined,
    onClose: () => undefined,
  };
  return createProgram(context, { version: '0', write });
}

/** From the command's own heading on: the name of one may begin that of another. */
const sectionOf = (page: string, name: string) => page.split(new RegExp(`## \`${name}(?=[ \`])`))[1];

it('documents every command as --help tells it, each with an example', () => {
  const page = readFileSync(path.join(root, 'docs', 'command-line.md'), 'utf8');
  expect(page, 'run npx tsx scripts/cli/write-docs.ts').toBe(describeCommands(program()));
  const commands = leafCommands(program());
  expect(commands.length).toBeGreaterThan(20);
  for (const { path: name, command } of commands) {
    const section = sectionOf(page, name)?.split('\n## ')[0] ?? '';
    expect(section, name).toContain(`\`\`\`\n${name}`);
    expect(
      command.options.map(({ long }) => long),
      name,
    ).toContain('--json');
  }
});

it('gives examples that the commands themselves take', () => {
  for (const { path: name, command } of leafCommands(program())) {
    const page = describeCommands(program());
    const example = sectionOf(page, name)?.split('```')[1] ?? '';
    for (const [flag] of example.matchAll(/ --[a-z-]+/g)) {
      expect(
        command.options.map(({ long }) => long),
        `${name}: ${flag}`,
      ).toContain(flag.trim());
    }
    for (const { mandatory, long } of command.options) if (mandatory) expect(example, name).toContain(String(long));
  }
});

it('tells wrong usage from asked help by its exit code', async () => {
  const [help, version, group, unknown, missing, nothing] = await Promise.all([
    runCli(['models', 'convert', '--help'], options),
    runCli(['--version', '--json'], options),
    runCli(['loop'], options),
    runCli(['models', 'imprt', '--json'], options),
    runCli(['loop', 'start', '--json'], options),
    runCli(['help', '--json'], options),
  ]);
  expect([help, version, group, unknown, missing, nothing].map((run) => run.code)).toEqual([0, 0, 2, 2, 2, 0]);
  expect(help.stdout).toContain('Usage: plumbline models convert [options]');
  expect(version.json.version).toBe((JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version);
  expect(group.stdout).toBe('');
  expect(group.stderr).toContain('Usage: plumbline loop');
  expect(failureOf(unknown)).toMatchObject({ code: 'BAD_INPUT' });
  expect(failureOf(unknown).message).toContain('Did you mean import?');
  expect(failureOf(missing).message).toContain("missing required argument 'loop'");
  expect(nothing.json.help).toContain('doctor');
});

it('says what cannot be reached and ends with 3, without a stack unless it is asked for', async () => {
  const lost = { ...options, databaseUrl: 'postgresql://nobody:secret@127.0.0.1:1/none' };
  const [plain, debug, wrong] = await Promise.all([
    runCli(['projects', 'list', '--json'], lost),
    runCli(['projects', 'list', '--json'], { ...lost, env: { PLUMBLINE_DEBUG: '1' } }),
    runCli(['projects', 'list', '--json'], { ...options, databaseUrl: 'mysql://x/y' }),
  ]);
  expect([plain.code, debug.code, wrong.code]).toEqual([3, 3, 2]);
  expect(failureOf(plain)).toMatchObject({ code: 'UNAVAILABLE' });
  expect(failureOf(plain).message).toContain('127.0.0.1:1/none does not answer');
  expect(plain.stderr).toContain('What to do: Check DATABASE_URL');
  expect(plain.stderr + plain.stdout).not.toContain('secret');
  expect(plain.stderr).not.toMatch(/\n\s+at /);
  expect(debug.stderr).toMatch(/\n\s+at /);
  expect(failureOf(wrong).message).toContain('DATABASE_URL must look like postgresql://');
});
