/**
 * `npm run bench:first-task -- [--json]`
 *
 * How soon a person can judge: a cold navigation (no cache, a fresh browser context) to the annotation page of the production build, until the
 * first task is on the screen and takes keys; and how much JavaScript came over the wire for it. Median of seven. The system's Chromium is needed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { createDb, type Db } from '#lib/db/create-db';
import { systemActor } from '#lib/domain/actor';
import { systemClock } from '#lib/domain/clock';
import { migrateQueues } from '#lib/queues/connection';
import { acceptInvitation } from '#lib/services/people/accept-invitation';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import { createProject } from '#lib/services/projects/create-project';
import { importTasks } from '#lib/services/tasks/import-tasks';
import { freePort } from '../embedded/free-port';
import { migrateDatabase } from '../embedded/migrate';
import { startPostgres } from '../embedded/postgres';
import { startWeb, type WebProcess } from './labeling/web-process';

const root = path.resolve(import.meta.dirname, '../..');
const runs = 7;
const person = { name: 'Ana', email: 'ana@example.org', password: 'a password of her own' };
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

interface Visit {
  readonly visibleMs: number;
  readonly scriptBytes: number;
}

type SignedIn = Awaited<ReturnType<BrowserContext['storageState']>>;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const folder = mkdtempSync(path.join(tmpdir(), 'plumbline-bench-first-task-'));
  const postgres = await startPostgres({ folder: path.join(folder, 'postgres'), log: (line) => console.error(line) });
  try {
    await postgres.createDatabase('first_task');
    const databaseUrl = postgres.url('first_task');
    await migrateDatabase(root, databaseUrl);
    await migrateQueues({ databaseUrl, redisUrl: null });
    const db = createDb(databaseUrl, { max: 2 });
    const slug = await seed(db).finally(() => db.$disconnect());
    const web = await startWeb({ port: await freePort(), databaseUrl, home: path.join(folder, 'home') });
    const browser = await launch();
    const visits = await measure(browser, web, slug).finally(async () => {
      await browser.close();
      await web.stop();
    });
    report(visits, values.json);
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A person, a project, and a few tasks of four answers of usual length. */
async function seed(db: Db): Promise<string> {
  const deps = { db, clock: systemClock };
  const invitation = await createFirstAdminInvitation(deps, systemActor('bench'));
  if (!invitation) throw new Error('the new database has an admin already');
  const { userId } = await acceptInvitation(deps, null, { token: invitation.token, account: person });
  const actor = { kind: 'user' as const, userId, isSystemAdmin: true };
  const { projectId, slug } = await createProject(deps, actor, { name: 'First task', guideline: 'Put the most helpful answer first.' });
  await db.membership.updateMany({ where: { projectId, userId }, data: { roles: ['ANNOTATOR', 'RESEARCHER', 'ADMIN'] } });
  const answers = ['one', 'two', 'three', 'four'].map((word) => ({
    text: `Answer ${word}.\n\n${'A sentence of usual length. '.repeat(12)}`,
  }));
  const rows = Array.from({ length: 20 }, (_, index) =>
    JSON.stringify({ prompt: `Why is the sky blue, question ${index}?`, responses: answers }),
  );
  await importTasks(deps, actor, { projectId, name: 'Tasks', bytes: new TextEncoder().encode(rows.join('\n')) });
  return slug;
}

async function launch(): Promise<Browser> {
  for (const executablePath of browsers) {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] }).catch(() => null);
    if (browser !== null) return browser;
  }
  throw new Error('Chromium is not installed: apt-get install chromium');
}

async function measure(browser: Browser, web: WebProcess, slug: string): Promise<Visit[]> {
  const state = await signIn(browser, web.address);
  const address = `${web.address}/p/${slug}/annotate`;
  await visit(browser, state, address); // the server's own first request is no navigation of a person
  const visits: Visit[] = [];
  for (let run = 0; run < runs; run += 1) visits.push(await visit(browser, state, address));
  return visits;
}

async function signIn(browser: Browser, address: string): Promise<SignedIn> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${address}/sign-in`, { waitUntil: 'networkidle' });
  await page.fill('input[name=email]', person.email);
  await page.fill('input[name=password]', person.password);
  await page.click('button[type=submit]');
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  const state = await context.storageState();
  await context.close();
  return state;
}

async function visit(browser: Browser, state: SignedIn, address: string): Promise<Visit> {
  const context = await browser.newContext({ storageState: state, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const scripts = new Set<string>();
  let scriptBytes = 0;
  session.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) scriptBytes += encodedDataLength;
  });
  await page.goto(address, { waitUntil: 'commit' });
  // The task is drawn by the page's own script: once it stands there, it takes keys.
  const ready = await page.waitForFunction(() => document.querySelectorAll('article p').length > 4 && performance.now(), null, {
    polling: 'raf',
  });
  const visibleMs = Math.round(Number(await ready.jsonValue()));
  await page.keyboard.press('1');
  await page.waitForSelector('article header .rank:not(.none)');
  await page.waitForLoadState('networkidle');
  await page.keyboard.press('z');
  await context.close();
  return { visibleMs, scriptBytes };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function report(visits: readonly Visit[], json: boolean): void {
  const times = visits.map(({ visibleMs }) => visibleMs);
  const scriptKb = Math.round((median(visits.map(({ scriptBytes }) => scriptBytes)) / 1024) * 10) / 10;
  const result = { runs, visibleMs: median(times), slowestMs: Math.max(...times), scriptKb };
  if (json) console.log(JSON.stringify(result));
  else console.log(`first task after ${result.visibleMs} ms (median of ${runs}), ${scriptKb} KB of JavaScript over the wire`);
}

await main();
