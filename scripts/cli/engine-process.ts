import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { parseEnv } from '#lib/env';
import { AppError } from '#lib/errors';
import { createEngine } from '#lib/ml/engine/create-engine';
import type { Engine } from '#lib/ml/engine/engine';
import { engineEnvironment, engineOptions } from '../../workers/engine-settings';

const guard = 'PLUMBLINE_ENGINE_PROCESS';
const ownEntries = new Set(['plumbline', 'plumbline.mjs', 'cli.mjs', 'main.ts']);
/** What the system reads at the start of a process and never again. */
const readAtStart = ['GLIBC_TUNABLES', 'LD_LIBRARY_PATH'];

/**
 * The engine of a command that computes by itself, by the settings of lib/env.ts.
 *
 * Huge pages and the CUDA libraries can only be given to a process when it is started: where they are wanted and not there, the whole
 * command line is run once more, with the same arguments and streams, and this call never returns. So it comes before anything is read
 * from stdin or written. Everything is thrown (UNAVAILABLE) as `createEngine` does; `log` gets one line where the slower engine is used.
 */
export async function openEngine(log: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Promise<Engine> {
  const settings = parseEnv(process.env).engine;
  const wanted = engineEnvironment(settings, process.env);
  const late = readAtStart.some((name) => wanted[name] !== undefined && wanted[name] !== process.env[name]);
  if (late && process.env[guard] !== '1' && ownEntries.has(path.basename(process.argv[1] ?? ''))) {
    process.exit(await runAgain({ ...process.env, ...wanted, [guard]: '1' }));
  }
  // Nobody waits for the result of a command whose first process was killed.
  if (process.env[guard] === '1') {
    process.on('disconnect', () => process.exit(1));
    process.channel?.unref();
  }
  Object.assign(process.env, wanted);
  return createEngine(engineOptions(settings, log));
}

/** This command line again. Its exit code, 128 + the number of the signal that ended it as shells count. */
function runAgain(env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // The child decides what a signal does; a terminal sends Ctrl-C to both, and main.ts takes two within a moment as one.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(name);
    process.on(name, () => child.kill(name));
  }
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new AppError('UNAVAILABLE', 'The process that computes could not be started.', { cause })));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
