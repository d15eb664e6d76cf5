/**
 * `npm run bench:labeling -- [--json] [--rounds N] [--tasks N] [--claims N] [--no-peer] [--no-build] [--out FILE]`
 *
 * The annotator's side under load: the peers' load client (PLUMBLINE_BENCH, or its labeling/) against the production web process of this
 * checkout on an embedded PostgreSQL of its own; Potato beside it in the same run, where Python can install it; and the next task in a project of
 * a million tasks against one of ten thousand. The last line of --json holds the figures, times in milliseconds; everything measured goes to --out.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AppError } from '#lib/errors';
import { migrateQueues } from '#lib/queues/connection';
import { failureText, toFailure } from '../cli/failure';
import { freePort } from '../embedded/free-port';
import { migrateDatabase } from '../embedded/migrate';
import { type EmbeddedPostgres, startPostgres } from '../embedded/postgres';
import { findLoadClient, LoadClient, type Phase } from './labeling/load-client';
import { measureScale } from './labeling/scale';
import { startWeb, type WebProcess } from './labeling/web-process';
import { environmentPython } from './python-environment';

const root = path.resolve(import.meta.dirname, '../..');
const say = (line: string) => console.error(line);
const potato = { name: 'peers/potato-2.12.1', versions: { 'potato-annotation': '2.12.1' }, gigabytes: 1 };
const smallProject = 10_000;

interface Options {
  readonly json: boolean;
  readonly rounds: number;
  readonly tasks: number;
  readonly claims: number;
  readonly peer: boolean;
  /** False: the pages as they were built last. */
  readonly build: boolean;
  readonly out: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      tasks: { type: 'string', default: '1000000' },
      claims: { type: 'string', default: '300' },
      'no-peer': { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  const whole = (name: 'rounds' | 'tasks' | 'claims', least: number) => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new AppError('BAD_INPUT', `--${name} takes a whole number from ${least} on, not "${values[name]}".`);
  };
  return {
    json: values.json,
    rounds: whole('rounds', 1),
    tasks: whole('tasks', smallProject),
    claims: whole('claims', 20),
    peer: !values['no-peer'],
    build: !values['no-build'],
    out: values.out,
  };
}

async function makeDatabase(postgres: EmbeddedPostgres, name: string): Promise<string> {
  await postgres.createDatabase(name);
  const url = postgres.url(name);
  await migrateDatabase(root, url);
  await migrateQueues({ databaseUrl: url, redisUrl: null });
  return url;
}

function buildWeb(): void {
  const built = spawnSync(process.execPath, ['--import', 'tsx', path.join(root, 'scripts', 'build.ts')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (built.status !== 0) throw new AppError('UNAVAILABLE', 'The web process could not be built.');
}

/** The folder of Potato's programs; undefined where it cannot be installed here. */
async function findPotato(wanted: boolean): Promise<string | undefined> {
  if (!wanted) return undefined;
  try {
    return path.dirname(await environmentPython(potato, say));
  } catch (error) {
    say(`Potato is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

interface Measured {
  readonly ours: readonly Phase[];
  readonly theirs: readonly Phase[];
}

/** One annotator: ours and Potato in turn, so that both see the same machine; then many at once, Potato with a hundred, and the kill. */
async function underLoad(client: LoadClient, web: WebProcess, databaseUrl: string, folder: string, options: Options): Promise<Measured> {
  const ours: Phase[] = [];
  const theirs: Phase[] = [];
  const env = { DATABASE_URL: databaseUrl };
  const plumbline = async (...phases: string[]) =>
    ours.push(...(await client.run({ peer: 'plumbline', address: web.address, phases, env, pid: web.pid, start: web.command })));
  const programs = await findPotato(options.peer);
  const peer = async (phase: string, settings: Readonly<Record<string, string>> = {}) => {
    if (programs === undefined) return;
    const address = `http://127.0.0.1:${await freePort()}`;
    const peerEnv = { POTATO_BIN: programs, POTATO_DIR: path.join(folder, 'potato'), ...settings };
    mkdirSync(peerEnv.POTATO_DIR, { recursive: true });
    theirs.push(...(await client.run({ peer: 'potato', address, phases: [phase], env: peerEnv })));
  };
  for (let round = 0; round < options.rounds; round += 1) {
    await plumbline('cycle:1');
    await peer('cycle:1');
  }
  // In one process of the client, which signs its people in once.
  const crowded = Array.from({ length: options.rounds }, () => ['cycle:20', 'cycle:100']).flat();
  await plumbline(...crowded);
  // With so many at once it keeps to the overlap only where each person's tasks are limited.
  await peer('cycle:100', { POTATO_PER_USER: '10' });
  await plumbline('contend:20:1', 'contend:50:2', 'kill:3000');
  return { ours, theirs };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Medians over the rounds of a phase. */
function figures(phases: readonly Phase[], annotators: number) {
  const own = phases.filter((phase) => phase.phase === 'cycle' && phase.annotators === annotators);
  const of = (key: 'p50' | 'p95' | 'p99') => median(own.flatMap(({ cycle }) => (cycle ? [cycle[key]] : [])));
  return { p50: of('p50'), p95: of('p95'), p99: of('p99'), tasksPerSecond: median(own.flatMap(({ tasksPerSec }) => tasksPerSec ?? [])) };
}

function ratioToPotato(own: number | null, theirs: number | null): { ratioToPotato?: number } {
  return own === null || theirs === null ? {} : { ratioToPotato: Math.round((1000 * own) / theirs) / 1000 };
}

function summarise({ ours, theirs }: Measured, p95Ratio: number) {
  const sum = (key: 'tasksOverAssigned' | 'lost' | 'wrongContent') => ours.reduce((total, phase) => total + (phase[key] ?? 0), 0);
  const [one, twenty, hundred] = [figures(ours, 1), figures(ours, 20), figures(ours, 100)];
  const dry = ours.filter(({ phase }) => phase === 'contend').map(({ wanted, acked }) => ({ wanted, acknowledged: acked }));
  return {
    overAssigned: sum('tasksOverAssigned'),
    lost: sum('lost') + sum('wrongContent'),
    one: {
      p50: one.p50,
      p99: one.p99,
      ...ratioToPotato(one.p50, figures(theirs, 1).p50),
    },
    twenty: { tasksPerSecond: twenty.tasksPerSecond },
    hundred: { p95: hundred.p95, ...ratioToPotato(hundred.p95, figures(theirs, 100).p95) },
    million: { p95Ratio: Math.round(100 * p95Ratio) / 100 },
    dry,
    secondsToReadyAfterKill: ours.find(({ phase }) => phase === 'kill')?.secondsToReadyAgain ?? null,
  };
}

/** The kill left a web process that the load client started again, in a session of its own. */
function endRestarted(phases: readonly Phase[]): void {
  for (const { newPid } of phases) {
    if (newPid === undefined) continue;
    try {
      process.kill(-newPid, 'SIGKILL');
    } catch {
      say(`process ${newPid} had ended`);
    }
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  const source = findLoadClient();
  if (options.build) buildWeb();
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-bench-labeling-'));
  const postgres = await startPostgres({ folder: path.join(folder, 'postgres'), log: say });
  try {
    const databaseUrl = await makeDatabase(postgres, 'load');
    const client = await LoadClient.make(source, path.join(folder, 'client'), say);
    const web = await startWeb({ port: await freePort(), databaseUrl, home: path.join(folder, 'home') });
    let measured: Measured;
    try {
      measured = await underLoad(client, web, databaseUrl, folder, options);
    } finally {
      await web.stop();
    }
    endRestarted(measured.ours);
    const urls = { small: await makeDatabase(postgres, 'small'), large: await makeDatabase(postgres, 'large') };
    const scale = await measureScale(urls, { small: smallProject, large: options.tasks, claims: options.claims, say });
    const summary = summarise(measured, scale.p95Ratio);
    if (options.out) writeFileSync(options.out, `${JSON.stringify({ summary, ...measured, scale }, null, 2)}\n`);
    say(JSON.stringify({ scale }, null, 2));
    console.log(JSON.stringify(summary, null, options.json ? 0 : 2));
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  say(failureText(toFailure(error)));
  process.exitCode = 1;
}
