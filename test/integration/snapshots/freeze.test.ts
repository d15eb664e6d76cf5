import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderStore } from '#lib/blobs/folder-store';
import { systemActor } from '#lib/domain/actor';
import { sha256Hex } from '#lib/domain/canonical-json';
import type { DataCard } from '#lib/domain/snapshot';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { freezeSnapshot } from '#lib/services/snapshots/freeze-snapshot';
import { getSnapshot } from '#lib/services/snapshots/get-snapshot';
import { loadSnapshotData } from '#lib/services/snapshots/load-snapshot-data';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, rankingOf, TestClock } from '../../support/labeling';

let database: TestDatabase;
let queues: ReturnType<typeof connectQueues>;
const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-freeze-'));
const blobs = new FolderStore(folder);
const worker = systemActor('worker');

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { databaseUrl: database.url, redisUrl: null };
  await migrateQueues(settings);
  queues = connectQueues(settings, () => {}); // a wake-up call that comes late loses nothing: the outbox row is what counts
});

afterAll(async () => {
  await queues.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

async function setUp(
  options: { tasks: number; overlap: number; loopId?: string },
  project?: Awaited<ReturnType<typeof createBareProject>>,
) {
  const { db } = database;
  const own = project ?? (await createBareProject(db));
  const round = await createLabelingRound(db, own, { ...options, split: (index) => (index % 4 === 3 ? 'VALIDATION' : 'TRAIN') });
  const annotators = [];
  for (let index = 0; index < options.overlap; index += 1) annotators.push(await createMember(db, own.projectId));
  return { project: own, ...round, annotators, deps: { db, queues, blobs, clock: new TestClock() } };
}

type Setting = Awaited<ReturnType<typeof setUp>>;

/** Everyone ranks everything: by text, the first annotator with a tie at the end. */
async function label({ deps, project, annotators, roundId }: Setting): Promise<string[]> {
  const annotationIds: string[] = [];
  for (const [index, actor] of annotators.entries()) {
    let task = await claimTask(deps, actor, { projectId: project.projectId });
    while (task) {
      const ids = [...task.responses].sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ id }) => id);
      const submitted = await submitAnnotation(deps, actor, {
        assignmentId: task.assignmentId,
        idempotencyKey: randomUUID(),
        content: rankingOf(ids, index === 0),
        activeMs: 5,
      });
      annotationIds.push(submitted.annotationId);
      task = submitted.next;
    }
  }
  await deps.db.round.update({ where: { id: roundId }, data: { stage: 'FREEZING', status: 'RUNNING' } });
  return annotationIds;
}

describe('freezing', () => {
  it('gives bytes whose hash names the snapshot, rows, card, and moves the round on', async () => {
    const setting = await setUp({ tasks: 8, overlap: 2 });
    const { deps, roundId, project } = setting;
    const annotationIds = await label(setting);
    const frozen = await freezeSnapshot(deps, worker, { roundId });
    expect(frozen.annotations).toBe(16);
    const bytes = await blobs.readBytes(frozen.hash);
    expect(sha256Hex(bytes)).toBe(frozen.hash);
    const text = new TextDecoder().decode(bytes);
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(16);
    for (const id of annotationIds) expect(text).toContain(id);
    for (const secret of ['Question', 'Answer', 'secret-model-name', ...setting.annotators.map(({ userId }) => userId)]) {
      expect(text).not.toContain(secret);
    }
    const rows = await deps.db.snapshotAnnotation.findMany({ where: { snapshotId: frozen.snapshotId }, orderBy: { ordinal: 'asc' } });
    expect(rows.map(({ annotationId }) => annotationId)).toEqual(lines.map((line) => JSON.parse(line).annotation.id));
    expect(await deps.db.artifact.findUnique({ where: { sha256: frozen.hash } })).toMatchObject({ size: BigInt(bytes.length) });
    expect(await deps.db.round.findUnique({ where: { id: roundId } })).toMatchObject({
      stage: 'REWARD_TRAINING',
      snapshotId: frozen.snapshotId,
    });
    const card = (await getSnapshot(deps, worker, { snapshotId: frozen.snapshotId })).card as DataCard;
    // 8 prompts, 3 answers: the first annotator ties the last two (2 strict, 1 tied), the second none (3 strict).
    expect(card).toMatchObject({
      annotations: 16,
      prompts: 8,
      responses: 24,
      annotators: 2,
      pairs: { strict: 40, tied: 8 },
      setAside: 0,
      guidelines: { 'guideline-hash': 16 },
      overlap: { prompts: 8 },
      splits: {
        TRAIN: { prompts: 6, annotations: 12, pairs: 36 },
        VALIDATION: { prompts: 2, annotations: 4, pairs: 12 },
        TEST: { prompts: 0, annotations: 0, pairs: 0 },
      },
    });
    // Two pairs agree, the third is a tie against an order: (1 + 1 + 1/2) / 3.
    expect(card.agreement).toMatchObject({ defined: true, n: 8, value: expect.closeTo(5 / 6, 9) });
    await expect(freezeSnapshot(deps, await createMember(deps.db, project.projectId, ['ANNOTATOR']), { roundId })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it('is done once for a round, also by four at once', async () => {
    const setting = await setUp({ tasks: 3, overlap: 1 });
    await label(setting);
    const frozen = await Promise.all(Array.from({ length: 4 }, () => freezeSnapshot(setting.deps, worker, { roundId: setting.roundId })));
    expect(new Set(frozen.map(({ snapshotId }) => snapshotId)).size).toBe(1);
    expect(await setting.deps.db.snapshot.count({ where: { roundId: setting.roundId } })).toBe(1);
    expect(await setting.deps.db.roundTransition.count({ where: { roundId: setting.roundId } })).toBe(1);
  });

  it('gives the same hash for the same annotations, another for one more, and holds all rounds of the loop', async () => {
    const first = await setUp({ tasks: 4, overlap: 1 });
    const early = await label(first);
    const one = await freezeSnapshot(first.deps, worker, { roundId: first.roundId });
    // A second round of the loop without any label of its own: the same annotations once more.
    const { db } = first.deps;
    const round = await db.round.create({
      data: { loopId: first.loopId, ordinal: 2, stage: 'FREEZING', status: 'RUNNING', initPolicyId: first.project.modelId },
    });
    const same = await freezeSnapshot(first.deps, worker, { roundId: round.id });
    expect(same.hash).toBe(one.hash);
    expect(same.snapshotId).not.toBe(one.snapshotId);
    // A third round with labels, and one label of the first corrected since.
    const actor = first.annotators[0]!;
    const row = await db.annotation.findUniqueOrThrow({ where: { id: early[0]! } });
    const corrected = await correctAnnotation(first.deps, actor, {
      annotationId: row.id,
      idempotencyKey: randomUUID(),
      content: rankingOf([...row.displayOrder].reverse()),
      activeMs: 1,
    });
    const third = await setUp({ tasks: 2, overlap: 1, loopId: first.loopId }, first.project);
    const late = await label({ ...third, annotators: [actor] });
    const all = await freezeSnapshot(first.deps, worker, { roundId: third.roundId });
    expect(all.annotations).toBe(6);
    const held = await db.snapshotAnnotation.findMany({ where: { snapshotId: all.snapshotId } });
    expect(held.map(({ annotationId }) => annotationId).sort()).toEqual([...early.slice(1), corrected.annotationId, ...late].sort());
    // The earlier snapshot is what it was.
    expect(
      (await db.snapshotAnnotation.findMany({ where: { snapshotId: one.snapshotId } })).map((held) => held.annotationId).sort(),
    ).toEqual([...early].sort());
    await expect(db.$executeRaw`delete from "SnapshotAnnotation" where "snapshotId" = ${one.snapshotId}`).rejects.toThrow(/append-only/);
  });

  it('is refused before the labeling is over, without labels, and where a prompt lies in two splits; nothing is left behind', async () => {
    const setting = await setUp({ tasks: 2, overlap: 1 });
    const { deps, roundId, project } = setting;
    await expect(freezeSnapshot(deps, worker, { roundId })).rejects.toMatchObject({ code: 'PRECONDITION', details: { stage: 'LABELING' } });
    const empty = await setUp({ tasks: 1, overlap: 1 });
    await deps.db.round.update({ where: { id: empty.roundId }, data: { stage: 'FREEZING', status: 'RUNNING' } });
    await expect(freezeSnapshot(deps, worker, { roundId: empty.roundId })).rejects.toMatchObject({ code: 'PRECONDITION' });
    await label(setting);
    const prompts = await deps.db.prompt.findMany({ where: { datasetId: project.datasetId } });
    await deps.db.prompt.update({ where: { id: prompts[0]!.id }, data: { splitKey: prompts[1]!.splitKey, split: 'TEST' } });
    await expect(freezeSnapshot(deps, worker, { roundId })).rejects.toMatchObject({ code: 'INVARIANT' });
    expect(await deps.db.snapshot.count({ where: { projectId: project.projectId } })).toBe(0);
    expect(await deps.db.round.findUnique({ where: { id: roundId } })).toMatchObject({ stage: 'FREEZING', status: 'RUNNING' });
  });
});

describe('loading', () => {
  it('gives each prompt once, with texts, tokens and ranks in one order', async () => {
    const setting = await setUp({ tasks: 3, overlap: 2 });
    await label(setting);
    const { snapshotId } = await freezeSnapshot(setting.deps, worker, { roundId: setting.roundId });
    const data = await loadSnapshotData(setting.deps, worker, { snapshotId });
    expect(data).toHaveLength(3);
    for (const prompt of data) {
      expect(prompt.promptText).toMatch(/^Question \d$/);
      expect(prompt.split).toBe('TRAIN');
      expect(prompt.responses).toHaveLength(3);
      expect(prompt.rankings).toHaveLength(2);
      const places = prompt.responses.map(({ text }) => Number(/Answer (\d)/.exec(text)?.[1]));
      expect(prompt.responses.map(({ tokenIds }) => tokenIds)).toEqual(places.map((place) => [3, 4, 5 + place]));
      expect(prompt.rankings.map(({ ranks }) => ranks.join()).sort()).toEqual(
        [places.map((place) => place + 1).join(), places.map((place) => Math.min(place + 1, 2)).join()].sort(),
      );
      for (const { shown } of prompt.rankings) expect([...shown].sort()).toEqual([0, 1, 2]);
    }
  });

  it('stops where a text is no longer the one that was judged', async () => {
    const setting = await setUp({ tasks: 1, overlap: 1 });
    await label(setting);
    const { snapshotId } = await freezeSnapshot(setting.deps, worker, { roundId: setting.roundId });
    await setting.deps.db.response.updateMany({
      where: { prompt: { datasetId: setting.project.datasetId } },
      data: { text: 'Another answer' },
    });
    await expect(loadSnapshotData(setting.deps, worker, { snapshotId })).rejects.toMatchObject({ code: 'INVARIANT' });
  });
});
