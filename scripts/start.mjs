/**
 * `npm start`: everything from a fresh clone to an address that answers. Node's own modules only, because nothing is installed yet; once the
 * programs are built, the supervisor (scripts/supervisor/main.ts) goes on in this same process.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeDataLock } from './bootstrap/data-lock.mjs';
import { requirePort } from './bootstrap/ports.mjs';
import { buildAll, generateClient, installDependencies, requireNode } from './bootstrap/prepare.mjs';
import { endLeftovers } from './bootstrap/process-record.mjs';
import { killDescendants } from './bootstrap/processes.mjs';
import { createReporter, StepError } from './bootstrap/steps.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const reporter = createReporter();
const stop = new AbortController();
const hurry = new AbortController();
let supervising = false;

// A terminal that was closed is no reason to leave things running without an owner.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

function onSignal(name) {
  if (stop.signal.aborted) hurry.abort();
  stop.abort();
  if (supervising) return;
  reporter.write(`\nStopped by ${name} before everything was ready; the next start goes on from here.`);
  killDescendants(process.pid);
  process.exit(130);
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => onSignal(name));

function readPort() {
  const port = Number(process.env.PORT || 3000);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new StepError(
    `PORT is "${process.env.PORT}", which is no port.`,
    'Set it to a whole number from 1 to 65535, or leave it out for 3000.',
  );
}

/**
 * The first start of a clone waits for the tensor library, which is a download; later ones only look whether it still loads, while the pages
 * start already.
 */
async function prepareEngine() {
  if (process.env.PLUMBLINE_ENGINE === 'wasm') return { gpu: false };
  const { prepareTensorflow } = await import('./tensorflow/prepare.mjs');
  return reporter.step('tensor engine', async (note) => {
    const result = await prepareTensorflow({ root, log: note });
    if (result.ready) note(`${result.library}, ${result.gpu ? 'GPU' : 'CPU'}`);
    else note(`the native engine cannot be had: ${result.reason}. The slower wasm engine is used. ${result.remedy}`);
    return { gpu: result.ready && result.gpu };
  });
}

async function main() {
  requireNode();
  const port = readPort();
  const host = process.env.HOST || '127.0.0.1';
  const dataDir = path.resolve(process.env.PLUMBLINE_HOME || path.join(root, '.plumbline'));
  process.env.PLUMBLINE_HOME = dataDir;
  process.env.NEXT_TELEMETRY_DISABLED = '1';
  const lock = takeDataLock(dataDir, { purpose: 'npm start', address: `http://localhost:${port}` });
  process.on('exit', () => lock.release());
  const left = await endLeftovers(dataDir);
  if (left.length > 0) reporter.say('leftovers', `ended what a killed start had left running: ${left.join(', ')}`);
  await requirePort(port, host);

  const logFile = path.join(dataDir, 'logs', 'setup.log');
  await reporter.step('dependencies', (note) => installDependencies(root, logFile, note));
  // The engine is mostly a download, the build mostly computing: they go side by side.
  const preparing = prepareEngine();
  const engineTried = path.join(root, 'node_modules', '.plumbline-engine');
  const firstTime = !existsSync(engineTried);
  preparing.then(
    () => writeFileSync(engineTried, ''),
    () => {},
  );
  await reporter.step('build', async (note) => {
    await generateClient(root, logFile, note);
    await buildAll(root, logFile, note);
  });
  if (firstTime) await preparing;

  const { supervise } = await import('../dist/supervisor.mjs');
  supervising = true;
  return supervise({ root, reporter, signal: stop.signal, hurry: hurry.signal, engine: preparing });
}

try {
  process.exitCode = await main();
} catch (error) {
  reporter.failure(error);
  process.exitCode = 1;
}
// What was still being prepared.
killDescendants(process.pid);
process.exit();
