import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDb, type Db, toAppError } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { systemClock } from '#lib/domain/clock';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { migrateDatabase } from '../../../scripts/embedded/migrate';
import { type EmbeddedPostgres, startPostgres } from '../../../scripts/embedded/postgres';
import { createBareProject, createLabelingRound, createMember, rankingOf } from '../../support/labeling';

/** A cluster of its own: the run's shared one must not die. */
const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-crash-'));
let postgres: EmbeddedPostgres;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgres({ folder });
  await postgres.createDatabase('crash');
  const url = postgres.url('crash');
  await migrateDatabase(path.resolve(import.meta.dirname, '../../..'), url);
  await migrateQueues({ databaseUrl: url, redisUrl: null });
  db = createDb(url, { max: 10, connectTimeoutMs: 3000 });
});

afterAll(async () => {
  await db?.$disconnect().catch(() => undefined);
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** All processes of this cluster: they work in its data folder. */
function serverProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe.skipIf(!existsSync('/proc/self/cwd'))('kill -9 of PostgreSQL in the middle of labeling', () => {
  it('loses no label that was acknowledged and doubles none that is sent again', async () => {
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      const [row] = await db.$queryRawUnsafe<Record<string, string>[]>(`show ${setting}`);
      expect(row?.[setting], setting).toBe('on');
    }
    const tasks = 60;
    const project = await createBareProject(db);
    const { taskIds } = await createLabelingRound(db, project, { tasks, overlap: 2 });
    const annotators: Actor[] = [];
    for (let index = 0; index < 6; index += 1) annotators.push(await createMember(db, project.projectId));
    const queues = connectQueues({ databaseUrl: postgres.url('crash'), redisUrl: null }, () => undefined);
    const deps = { db, clock: systemClock, queues };
    const acknowledged: string[] = [];
    let failures = 0;

    /** As the page does it: tries again with the same key until it is acknowledged. */
    const insist = async <T>(work: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          expect(toAppError(error).code, String(error)).toBe('UNAVAILABLE');
          failures += 1;
          await sleep(200);
        }
      }
    };
    const label = async (actor: Actor) => {
      for (;;) {
        const task = await insist(() => claimTask(deps, actor, { projectId: project.projectId }));
        if (!task) return;
        const submission = {
          assignmentId: task.assignmentId,
          idempotencyKey: randomUUID(),
          content: rankingOf(task.responses.map(({ id }) => id)),
          activeMs: 1,
        };
        acknowledged.push((await insist(() => submitAnnotation(deps, actor, submission))).annotationId);
      }
    };
    const kill = async () => {
      while (acknowledged.length < 30) await sleep(20);
      for (const pid of serverProcesses()) process.kill(pid, 'SIGKILL');
      await sleep(500);
      await postgres.revive();
    };
    try {
      await Promise.all([...annotators.map(label), kill()]);
    } finally {
      await queues.close();
    }

    expect(failures).toBeGreaterThan(0);
    expect(acknowledged).toHaveLength(2 * tasks);
    expect(new Set(acknowledged).size).toBe(2 * tasks);
    const kept = await db.annotation.findMany({ where: { taskId: { in: taskIds } }, select: { id: true } });
    expect(kept.map(({ id }) => id).sort()).toEqual([...acknowledged].sort());
    expect(await db.slot.count({ where: { projectId: project.projectId, state: 'FILLED' } })).toBe(2 * tasks);
    expect(await db.outbox.count({ where: { kind: 'advance-round' } })).toBe(1);
  }, 300_000);
});
