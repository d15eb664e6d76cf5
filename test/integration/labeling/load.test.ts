import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db } from '#lib/db/create-db';
import { migrateQueues } from '#lib/queues/connection';
import { claimTask } from '#lib/services/labeling/claim-task';
import { migrateDatabase } from '../../../scripts/embedded/migrate';
import { type EmbeddedPostgres, startPostgres } from '../../../scripts/embedded/postgres';
import { createBareProject, createUser } from '../../support/labeling';

/** Sizes of the contract; each client does so many tasks and leaves one lying. */
const clients = 200;
const tasks = 10_000;
const overlap = 2;
const each = 2;

const root = path.resolve(import.meta.dirname, '../../..');
/** A cluster of its own: the run's shared one must not die. */
const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-load-'));
let postgres: EmbeddedPostgres;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgres({ folder });
  await postgres.createDatabase('load');
  const url = postgres.url('load');
  await migrateDatabase(root, url);
  await migrateQueues({ databaseUrl: url, redisUrl: null });
  db = createDb(url, { max: 4, connectTimeoutMs: 3000 });
}, 120_000);

afterAll(async () => {
  await db?.$disconnect().catch(() => undefined);
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Every process of this cluster: they work in its data folder. */
function databaseProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    });
}

async function writeTasks(projectId: string, guidelineId: string, formVersionId: string, datasetId: string): Promise<void> {
  await db.$executeRaw`
    insert into "Prompt" ("id", "datasetId", "messages", "contentHash", "salt", "saltedHash", "splitKey", "split", "ordinal")
    values ('prompt', ${datasetId}, '[{"role":"user","content":"Why?"}]', 'p', 's', 'h', 'k', 'TRAIN', 0)`;
  await db.$executeRaw`
    insert into "Response" ("id", "promptId", "origin", "text", "tokenIds", "salt", "saltedHash")
    select n::text, 'prompt', 'IMPORT', 'Because ' || n, '{}', 's', 'h' from generate_series(1, 3) n`;
  await db.$executeRaw`
    insert into "Task" ("id", "projectId", "promptId", "kind", "purpose", "guidelineId", "formVersionId")
    select gen_random_uuid(), ${projectId}, 'prompt', 'RANKING', 'LABELING', ${guidelineId}, ${formVersionId} from generate_series(1, ${tasks}::int)`;
  await db.$executeRaw`
    insert into "TaskResponse" ("taskId", "responseId", "position") select t."id", n::text, n from "Task" t cross join generate_series(1, 3) n`;
  await db.$executeRaw`
    insert into "Slot" ("id", "taskId", "projectId", "ordinal", "updatedAt")
    select gen_random_uuid(), t."id", ${projectId}, n, now() from "Task" t cross join generate_series(0, ${overlap - 1}::int) n`;
}

/** What the clients' process says: annotations that were acknowledged, and at the end the task that lies with each person. */
type Said = { kept: string } | { holds: string };

/** The services of the web process, for 200 people, in a process of their own that can be killed. */
class Clients {
  readonly acknowledged: string[] = [];
  readonly holding: string[] = [];
  readonly over: Promise<void>;
  readonly child: ChildProcess;

  constructor(projectId: string, userIds: readonly string[], goal: number) {
    const args = ['--import', 'tsx', path.join(import.meta.dirname, 'load-clients.ts')];
    const settings = { url: postgres.url('load'), projectId, userIds, goal };
    this.child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, LOAD: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = this.child;
    if (!stdout) throw new Error('no output');
    createInterface({ input: stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Said;
      if ('kept' in said) this.acknowledged.push(said.kept);
      else this.holding.push(said.holds);
    });
    this.over = new Promise((resolve) => this.child.once('close', () => resolve()));
  }
}

describe.skipIf(!existsSync('/proc/self/cwd'))('200 clients on 10,000 tasks, with kill -9 of their server and of PostgreSQL', () => {
  it('gives nobody too much, starves nobody, takes leases back, and keeps every label it acknowledged', async () => {
    const { projectId, guidelineId, formVersionId, datasetId } = await createBareProject(db);
    await writeTasks(projectId, guidelineId, formVersionId, datasetId);
    const userIds: string[] = [];
    for (let index = 0; index < clients; index += 1) userIds.push(await createUser(db, `Client ${index}`));
    await db.membership.createMany({ data: userIds.map((userId) => ({ projectId, userId, roles: ['ANNOTATOR' as const] })) });

    // The web process dies in the middle: what it acknowledged is there.
    const first = new Clients(projectId, userIds, each);
    while (first.acknowledged.length < clients && first.child.exitCode === null) await sleep(20);
    first.child.kill('SIGKILL');
    await first.over;
    expect(first.acknowledged.length).toBeGreaterThanOrEqual(clients);

    // PostgreSQL dies in the middle, all of it at once, and is started again on the same folder; the clients try again with the same keys.
    const second = new Clients(projectId, userIds, each);
    while (second.acknowledged.length < clients && second.child.exitCode === null) await sleep(20);
    for (const pid of databaseProcesses()) process.kill(pid, 'SIGKILL');
    await sleep(300);
    await postgres.revive();
    await second.over;
    expect(second.child.exitCode).toBe(0);

    const acknowledged = [...first.acknowledged, ...second.acknowledged];
    const kept = await db.annotation.findMany({ select: { id: true, taskId: true, annotatorId: true, surplus: true } });
    const there = new Set(kept.map(({ id }) => id));
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    // Nobody without work: every client did his share beside the others.
    const perPerson = new Map(userIds.map((id) => [id, 0]));
    for (const { annotatorId } of kept) perPerson.set(annotatorId, (perPerson.get(annotatorId) ?? 0) + 1);
    expect(Math.min(...perPerson.values())).toBeGreaterThanOrEqual(each);
    // No task beyond its overlap, no person twice on one.
    expect(kept.filter(({ surplus }) => surplus)).toEqual([]);
    expect(new Set(kept.map(({ taskId, annotatorId }) => `${taskId} ${annotatorId}`)).size).toBe(kept.length);
    const filled = await db.slot.groupBy({ by: ['taskId'], where: { state: 'FILLED' }, _count: { _all: true } });
    expect(Math.max(...filled.map(({ _count }) => _count._all))).toBeLessThanOrEqual(overlap);
    expect(filled.reduce((sum, { _count }) => sum + _count._all, 0)).toBe(kept.length);
    // Each was left with one task in hand (two where the answer that told of one was lost); a lease that ran out comes back to somebody else.
    expect(second.holding).toHaveLength(clients);
    const leased = await db.slot.groupBy({ by: ['annotatorId'], where: { state: 'LEASED' }, _count: { _all: true } });
    expect(leased).toHaveLength(clients);
    expect(Math.max(...leased.map(({ _count }) => _count._all))).toBeLessThanOrEqual(2);
    const gone = userIds[0] ?? '';
    const lapsed = await db.slot.findMany({ where: { state: 'LEASED', annotatorId: gone }, select: { taskId: true } });
    const stranger = await createUser(db, 'Stranger');
    await db.membership.create({ data: { projectId, userId: stranger, roles: ['ANNOTATOR'] } });
    const later = new Date(Date.now() + 3600_000);
    const held = new Date(later.getTime() + 3600_000);
    await db.slot.updateMany({ where: { state: 'LEASED', annotatorId: { not: gone } }, data: { leaseExpiresAt: held } });
    const deps = { db, clock: { now: () => later } };
    const taken = await claimTask(deps, { kind: 'user', userId: stranger, isSystemAdmin: false }, { projectId });
    expect(lapsed.map(({ taskId }) => taskId)).toContain(taken?.taskId);
  }, 300_000);
});
