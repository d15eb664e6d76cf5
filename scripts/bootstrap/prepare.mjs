/** What a clone needs before its programs can run: dependencies, database client, build. Node's own modules only. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { staleParts } from './build-state.mjs';
import { StepError } from './steps.mjs';

const oldestNode = [20, 19];
const progressMs = 3_000;

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new StepError(`Node.js ${process.versions.node} is too old.`, `Install Node.js ${oldestNode.join('.')} or newer.`);
}

function hashOf(...files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Runs a command; all it says goes to `logFile`, its end into the error. */
export function runLogged(command, args, { cwd, env, logFile, onLine }) {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  writeSync(log, `\n--- ${new Date().toISOString()} ${path.basename(command)} ${args.join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const take = (chunk) => {
      writeSync(log, chunk);
      tail = (tail + chunk.toString('utf8')).slice(-4000);
      for (const line of chunk.toString('utf8').split('\n')) if (line.trim() !== '') onLine?.(line.trim());
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, tail: tail.trim().split('\n').slice(-12).join('\n') }));
  });
}

/** Whether node_modules holds what the lock file asks for, by npm's own note of what it installed. */
function installedMatches(root) {
  const installed = readText(path.join(root, 'node_modules', '.package-lock.json'));
  if (installed === '') return false;
  const have = JSON.parse(installed).packages ?? {};
  const want = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  return Object.entries(want).every(
    ([name, entry]) => name === '' || entry.optional || entry.peer || entry.devOptional || have[name]?.version === entry.version,
  );
}

function countPackages(root) {
  const folder = path.join(root, 'node_modules');
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.reduce((sum, name) => sum + (name.startsWith('@') ? readdirSync(path.join(folder, name)).length : 1), 0);
}

function npmCommand() {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
}

/** `npm ci`, if the lock file is not the one that was installed. */
export async function installDependencies(root, logFile, note) {
  const lock = path.join(root, 'package-lock.json');
  const stamp = path.join(root, 'node_modules', '.plumbline-lock');
  const wanted = hashOf(lock);
  if (readText(stamp) === wanted) return;
  if (installedMatches(root)) {
    writeFileSync(stamp, wanted);
    return;
  }
  const total = Object.keys(JSON.parse(readFileSync(lock, 'utf8')).packages ?? {}).filter(
    (name) => name.lastIndexOf('node_modules/') === 0,
  ).length;
  note(`installing ${total} packages`);
  const timer = setInterval(() => note(`about ${Math.min(total, countPackages(root))} of ${total} packages`), progressMs);
  const [command, args] = npmCommand();
  let result;
  try {
    result = await runLogged(command, [...args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      logFile,
    });
  } catch (error) {
    throw new StepError(`npm cannot be run (${error.code ?? error.message}).`, 'Install npm, which comes with Node.js.');
  } finally {
    clearInterval(timer);
  }
  if (result.code !== 0) {
    throw new StepError(
      `The dependencies could not be installed:\n${result.tail}`,
      `Check the network and the npm configuration, then start again. The whole log: ${logFile}`,
    );
  }
  writeFileSync(stamp, wanted);
}

/** The database client in lib/db/generated, if the schema is not the one it was made from. */
export async function generateClient(root, logFile, note) {
  const folder = path.join(root, 'lib', 'db', 'generated');
  const stamp = path.join(folder, '.made-from');
  const wanted = hashOf(path.join(root, 'prisma', 'schema.prisma'), path.join(root, 'node_modules', 'prisma', 'package.json'));
  if (readText(stamp) === wanted && existsSync(path.join(folder, 'client.ts'))) return;
  note('making the database client');
  const prisma = path.join(root, 'node_modules', 'prisma', 'build', 'index.js');
  const env = { CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  const result = await runLogged(process.execPath, [prisma, 'generate'], { cwd: root, logFile, env });
  if (result.code !== 0 || !existsSync(path.join(folder, 'client.ts'))) {
    throw new StepError(`The database client could not be made:\n${result.tail}`, `The whole log: ${logFile}`);
  }
  writeFileSync(stamp, wanted);
}

/** Bundles and pages; what is up to date is left as it is. `only`: programs or pages. */
export async function buildAll(root, logFile, note, only) {
  if (staleParts(root, { only }).length === 0) return;
  const args = ['--import', 'tsx', path.join(root, 'scripts', 'build.ts'), ...(only ? [`--only=${only}`] : [])];
  const onLine = (line) => {
    if (line.startsWith('build: ')) note(line.slice('build: '.length));
  };
  const result = await runLogged(process.execPath, args, { cwd: root, logFile, onLine });
  if (result.code !== 0) throw new StepError(`The build failed:\n${result.tail}`, `The whole log: ${logFile}`);
}
