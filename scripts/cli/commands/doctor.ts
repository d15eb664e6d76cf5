import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { type Env, parseEnv } from '#lib/env';
import { findLockHolder } from '../../bootstrap/data-lock.mjs';
import { type Check, failed, ok, warn } from '../doctor/check';
import { checkDatabase, checkQueue } from '../doctor/database';
import { checkEngine, reportEngine } from '../doctor/engine';
import { checkBlobs, checkDisk, checkMemory, checkNode } from '../doctor/machine';
import { exitCodes } from '../failure';
import { action, type CliContext, type Outcome } from '../frame';
import { joinEmbedded } from '../installation';
import { plain, widthOf } from '../terminal';

/** Word and sign: the state is never told by a colour alone. */
const marks: Readonly<Record<Check['state'], string>> = { ok: '✓ ok  ', warn: '! warn', bad: '✗ bad ' };

export function registerDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('look at everything an installation needs, and say what to do about each thing that is wrong')
    .addOption(new Option('--engine-only').hideHelp())
    .addHelpText('after', '\nChanges nothing. Ends with 1 where something is bad.\n\nExample:\n  plumbline doctor --json')
    .action(
      action(context, async ({ options }) => {
        if (options.engineOnly === true) {
          await reportEngine(parseEnv(process.env).engine, (line) => process.stdout.write(line));
          return { json: {}, text: '' };
        }
        return examine(context);
      }),
    );
}

async function examine(context: CliContext): Promise<Outcome> {
  const checks: Check[] = [checkNode(process.version), checkMemory()];
  const env = readSettings(checks);
  if (env !== undefined) {
    context.terminal.progress('looking at the engine');
    checks.push(await checkEngine(env.engine, selfCommand(), context.signal));
    context.terminal.progress('looking at database and queue');
    checks.push(...(await checkServices(context, env)), await checkBlobs(env.dataDir), await checkDisk(env.dataDir), checkStart(env));
  }
  const worst = checks.some(({ state }) => state === 'bad');
  const facts = (id: string) => checks.find((check) => check.id === id)?.facts ?? null;
  return {
    json: { ok: !worst, engine: facts('engine'), database: facts('database'), durability: facts('durability'), checks },
    text: reportText(checks),
    exitCode: worst ? exitCodes.failed : exitCodes.ok,
  };
}

function readSettings(checks: Check[]): Env | undefined {
  try {
    const env = parseEnv(process.env);
    checks.push(ok('settings', 'settings', `data in ${env.dataDir}`, { dataDir: env.dataDir }));
    return env;
  } catch (error) {
    checks.push(failed('settings', 'settings', error, 'Correct the environment.'));
    return undefined;
  }
}

/** This program again, as it was started. */
function selfCommand(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'doctor', '--engine-only'];
}

async function checkServices(context: CliContext, env: Env): Promise<Check[]> {
  let url = env.databaseUrl;
  if (url === null) {
    if (!existsSync(path.join(env.dataDir, 'postgres', 'data', 'PG_VERSION'))) {
      return [warn('database', 'database', `there is none in ${env.dataDir} yet`, 'Run "npm start": it makes one.', { embedded: true })];
    }
    try {
      url = (await joinEmbedded(context, env.dataDir)).server.url('plumbline');
    } catch (error) {
      return [failed('database', 'database', error, 'Run "npm start" and read what it says about the database.')];
    }
  }
  const found = await checkDatabase(context.root, url, env);
  // A queue that lives in a lost database has no fault of its own.
  const reachable = found.some(({ id }) => id === 'schema');
  return reachable || env.redisUrl !== null ? [...found, await checkQueue(url, env.redisUrl)] : found;
}

function checkStart(env: Env): Check {
  const holder = findLockHolder(env.dataDir);
  if (holder === undefined) return ok('start', 'npm start', 'does not run in this data folder', { running: false });
  const told = `runs as process ${holder.pid}${holder.address ? ` at ${holder.address}` : ''}`;
  return ok('start', 'npm start', told, { running: true, pid: holder.pid, address: holder.address ?? null });
}

function reportText(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ title }) => widthOf(title)));
  const lines = checks.flatMap(({ title, state, message, remedy }) => {
    const told = `${marks[state]}  ${title.padEnd(width)}  ${plain(message)}`;
    return remedy ? [told, `${' '.repeat(10 + width)}What to do: ${plain(remedy)}`] : [told];
  });
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  const [bads, warns] = [count('bad'), count('warn')];
  const summary = bads + warns === 0 ? 'Everything is as it should be.' : `${bads} bad, ${warns} to look at, ${count('ok')} ok.`;
  return [...lines, '', summary].join('\n');
}
