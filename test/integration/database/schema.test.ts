import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createDb, toAppError } from '#lib/db/create-db';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let database: TestDatabase;
let ids: { user: string; task: string; slot: string; annotation: string; round: string };

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  const project = await db.project.create({ data: { slug: 'p', name: 'P' } });
  const user = await db.user.create({ data: { email: 'a@example.com', name: 'A' } });
  const guideline = await db.guideline.create({ data: { projectId: project.id, version: 1, text: 'g', contentHash: 'h' } });
  const form = await db.formVersion.create({ data: { projectId: project.id, version: 1, kind: 'RANKING', spec: {}, contentHash: 'h' } });
  const dataset = await db.dataset.create({ data: { projectId: project.id, name: 'd' } });
  const prompt = await db.prompt.create({
    data: { datasetId: dataset.id, messages: [], contentHash: 'h', salt: 's', saltedHash: 'x', splitKey: 'k', split: 'TRAIN', ordinal: 0 },
  });
  const task = await db.task.create({
    data: {
      projectId: project.id,
      promptId: prompt.id,
      kind: 'RANKING',
      purpose: 'LABELING',
      guidelineId: guideline.id,
      formVersionId: form.id,
    },
  });
  const slot = await db.slot.create({ data: { taskId: task.id, projectId: project.id, ordinal: 0 } });
  const annotation = await db.annotation.create({
    data: {
      taskId: task.id,
      annotatorId: user.id,
      kind: 'RANKING',
      content: {},
      contentHash: 'h',
      schemaVersion: 1,
      guidelineId: guideline.id,
      formVersionId: form.id,
      displayOrder: [],
      idempotencyKey: randomUUID(),
      activeMs: 1,
    },
  });
  const snapshot = await db.snapshot.create({ data: { projectId: project.id, hash: 'h', artifact: 'h', card: {} } });
  await db.snapshotAnnotation.create({ data: { snapshotId: snapshot.id, annotationId: annotation.id, split: 'TRAIN', ordinal: 0 } });
  const loop = await db.loop.create({ data: { projectId: project.id, name: 'l', referenceId: 'm', datasetId: dataset.id, config: {} } });
  const round = await db.round.create({ data: { loopId: loop.id, ordinal: 0, initPolicyId: 'm' } });
  await db.roundTransition.create({ data: { roundId: round.id, toStage: 'SAMPLING', toStatus: 'RUNNING', data: {} } });
  ids = { user: user.id, task: task.id, slot: slot.id, annotation: annotation.id, round: round.id };
});

afterAll(() => database.drop());

describe('history', () => {
  test.each(['Annotation', 'SnapshotAnnotation', 'RoundTransition'])(
    'rows of %s are neither changed, deleted nor truncated',
    async (table) => {
      const column = table === 'Annotation' ? '"activeMs" = 2' : table === 'RoundTransition' ? '"byRule" = false' : '"ordinal" = 7';
      await expect(database.db.$executeRawUnsafe(`UPDATE "${table}" SET ${column}`)).rejects.toThrow(/append-only: UPDATE is refused/);
      await expect(database.db.$executeRawUnsafe(`DELETE FROM "${table}"`)).rejects.toThrow(/append-only: DELETE is refused/);
      await expect(database.db.$executeRawUnsafe(`TRUNCATE "${table}" CASCADE`)).rejects.toThrow(/append-only: TRUNCATE is refused/);
      const rows = await database.db.$queryRawUnsafe<{ n: bigint }[]>(`SELECT count(*) AS n FROM "${table}"`);
      expect(rows[0]?.n).toBe(1n);
    },
  );
});

describe('a slot', () => {
  test('is leased only to somebody and until some time', async () => {
    const { db } = database;
    await expect(db.slot.update({ where: { id: ids.slot }, data: { state: 'LEASED' } })).rejects.toThrow(/Slot_state_consistent/);
    await expect(db.slot.update({ where: { id: ids.slot }, data: { state: 'FILLED', annotatorId: ids.user } })).rejects.toThrow(
      /Slot_state_consistent/,
    );
    await expect(db.slot.update({ where: { id: ids.slot }, data: { annotatorId: ids.user } })).rejects.toThrow(/Slot_state_consistent/);
    const leased = await db.slot.update({
      where: { id: ids.slot },
      data: { state: 'LEASED', annotatorId: ids.user, leaseExpiresAt: new Date() },
    });
    expect(leased.state).toBe('LEASED');
    await expect(
      db.slot.create({
        data: {
          taskId: ids.task,
          projectId: leased.projectId,
          ordinal: 1,
          state: 'LEASED',
          annotatorId: ids.user,
          leaseExpiresAt: new Date(),
        },
      }),
    ).rejects.toThrow(/[Uu]nique/);
  });

  test('that is free is found through the partial index', async () => {
    const rows = await database.db.$queryRaw<{ indexdef: string }[]>`SELECT indexdef FROM pg_indexes WHERE indexname = 'Slot_free_idx'`;
    expect(rows[0]?.indexdef).toContain(
      `"laneId", priority DESC, "position") WHERE ((state = 'FREE'::"SlotState") AND ("laneId" IS NOT NULL))`,
    );
  });
});

describe('toAppError', () => {
  test('a database that is not there is UNAVAILABLE, and its address and password stay out of the message', async () => {
    const db = createDb('postgresql://someone:secret@127.0.0.1:1/none', { connectTimeoutMs: 500 });
    const error = toAppError(await db.user.count().catch((reason: unknown) => reason));
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message + error.remedy).not.toContain('secret');
    await db.$disconnect();
  });

  test('a connection that the server ends is UNAVAILABLE, and the next query works', async () => {
    const other = await createTestDatabase({ max: 1 });
    const ended = toAppError(await other.db.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`.catch((reason: unknown) => reason));
    expect(ended.code).toBe('UNAVAILABLE');
    expect(await other.db.user.count()).toBe(0);
    await other.drop();
  });

  test('input that a schema refuses is BAD_INPUT and names the field', () => {
    const error = toAppError(z.object({ loop: z.object({ seed: z.int() }) }).safeParse({ loop: { seed: 1.5 } }).error);
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    expect(error.message).toContain('loop.seed');
  });

  test('a full disk is DISK_FULL, a mistake of ours INTERNAL', async () => {
    const full = await database.db
      .$executeRawUnsafe(`DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
      .catch(toAppError);
    expect(full).toMatchObject({ code: 'DISK_FULL' });
    expect(toAppError(new TypeError('x is not a function'))).toMatchObject({
      code: 'INTERNAL',
      message: 'Something went wrong on our side.',
    });
  });
});

test('durability settings are on in the embedded server', async () => {
  const rows = await database.db.$queryRaw<{ name: string; setting: string }[]>`
    SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name`;
  expect(rows.map((row) => `${row.name}=${row.setting}`)).toEqual(['fsync=on', 'full_page_writes=on', 'synchronous_commit=on']);
});
