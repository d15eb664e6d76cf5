/**
 * `npm test`: sets up what a fresh clone lacks, then runs `npm run check` and every test. Node's own modules only, because nothing may be
 * installed yet. Arguments go to vitest and leave the check out: `npm test -- test/unit/env.test.ts`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll, generateClient, installDependencies, requireNode, runLogged } from './bootstrap/prepare.mjs';
import { killDescendants } from './bootstrap/processes.mjs';
import { createReporter, StepError } from './bootstrap/steps.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const reporter = createReporter();
const chosen = process.argv.slice(2);
const work = mkdtempSync(path.join(tmpdir(), 'plumbline-npm-test-'));
const logFile = path.join(work, 'setup.log');

const programs = [
  { name: 'Redis', commands: ['redis-server'], debian: 'redis-server' },
  { name: 'Chromium', commands: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium' },
];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    killDescendants(process.pid);
    process.exit(130);
  });
}

function installed({ commands }) {
  return commands.some((command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Redis and Chromium are the system's: taken from its packages where this run may do that. */
async function requirePrograms(note) {
  const missing = programs.filter((program) => !installed(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => program.debian);
  const names = missing.map((program) => program.name).join(' and ');
  const apt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  if (process.getuid?.() !== 0 || !apt) {
    const how = apt ? `sudo apt-get install ${packages.join(' ')}` : `install ${names} with the system's package manager`;
    throw new StepError(`The tests need ${names}, which this machine lacks.`, how);
  }
  note(`installing ${names} from the system's packages`);
  // At run level 1 a package starts no service of its own: each test run starts its own Redis on a free port.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await runLogged('apt-get', ['update'], { cwd: root, logFile, env });
  const result = await runLogged('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { cwd: root, logFile, env });
  if (result.code !== 0 || missing.some((program) => !installed(program))) {
    throw new StepError(`${names} could not be installed:\n${result.tail}`, `apt-get install ${packages.join(' ')}`);
  }
}

async function prepareEngine() {
  if (process.env.PLUMBLINE_ENGINE === 'wasm') return;
  const { prepareTensorflow } = await import('./tensorflow/prepare.mjs');
  await reporter.step('tensor engine', async (note) => {
    const result = await prepareTensorflow({ root, log: note });
    note(result.ready ? `${result.library}, ${result.gpu ? 'GPU' : 'CPU'}` : `not native: ${result.reason}. ${result.remedy}`);
  });
}

/** Runs a command whose output the reader wants to see. Colours go to a terminal alone: logs are read as text. */
function show(args, env = {}) {
  const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...plain, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}

function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: [], broken: ['the test runner ended without a report'] };
  }
}

async function main() {
  requireNode();
  await reporter.step('dependencies', (note) => installDependencies(root, logFile, note));
  await reporter.step('programs', requirePrograms);
  const building = reporter.step('build', async (note) => {
    await generateClient(root, logFile, note);
    await buildAll(root, logFile, note);
  });
  await Promise.all([prepareEngine(), building]);

  const summaryFile = path.join(work, 'summary.json');
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const checked = chosen.length > 0 ? 0 : await show(['--import', 'tsx', path.join(root, 'scripts', 'check.ts')]);
  const tested = await show([vitest, 'run', ...chosen], { PLUMBLINE_TEST_SUMMARY: summaryFile });

  const summary = readSummary(summaryFile);
  for (const skipped of summary.skipped) reporter.write(`skipped: ${skipped.name}${skipped.reason ? `: ${skipped.reason}` : ''}`);
  for (const broken of summary.broken) reporter.write(`broken: ${broken}`);
  if (checked !== 0) reporter.write('npm run check failed: see above');
  reporter.write(`tests: ${summary.passed} passed, ${summary.failed} failed, ${summary.skipped.length} skipped`);
  return checked === 0 && tested === 0 && summary.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  reporter.write(`\nThe tests could not start. ${error.message}`);
  if (error.remedy) reporter.write(`What to do: ${error.remedy}`);
  reporter.write('tests: 0 passed, 1 failed, 0 skipped');
  killDescendants(process.pid);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
