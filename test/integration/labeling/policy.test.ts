import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '#lib/domain/actor';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { countOpenTasks } from '#lib/services/labeling/count-open-tasks';
import type { AssignmentView } from '#lib/services/labeling/get-assignment-view';
import { leaseOwnSlot } from '#lib/services/labeling/lease-own-slot';
import { listPools } from '#lib/services/labeling/list-pools';
import { listSetAside } from '#lib/services/labeling/list-set-aside';
import { placeTasks } from '#lib/services/labeling/place-tasks';
import { returnTask } from '#lib/services/labeling/return-task';
import { saveLabelingPolicy } from '#lib/services/labeling/save-labeling-policy';
import { savePool } from '#lib/services/labeling/save-pool';
import { skipTask } from '#lib/services/labeling/skip-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { withdrawAnnotation } from '#lib/services/labeling/withdraw-annotation';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, rankingOf, TestClock } from '../../support/labeling';

let database: TestDatabase;
let queues: ReturnType<typeof connectQueues>;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { databaseUrl: database.url, redisUrl: null };
  await migrateQueues(settings);
  queues = connectQueues(settings, () => {});
});

afterAll(async () => {
  await queues.close();
  await database.drop();
});

type Person = Actor & { kind: 'user' };

async function setUp(options: { tasks: number; overlap?: number; annotators: number; policy?: object }) {
  const { db } = database;
  const project = await createBareProject(db);
  const round = await createLabelingRound(db, project, options);
  const annotators: Person[] = [];
  for (let index = 0; index < options.annotators; index += 1) annotators.push(await createMember(db, project.projectId));
  const lead = await createMember(db, project.projectId, ['RESEARCHER']);
  const deps = { db, clock: new TestClock(), queues };
  // No checks among the work: what is claimed is what is there.
  const policy = { gold: { share: 0 }, repeats: { share: 0 }, ...options.policy };
  await saveLabelingPolicy(deps, lead, { projectId: project.projectId, policy: JSON.parse(JSON.stringify(policy)) });
  return {
    ...project,
    ...round,
    annotators,
    lead,
    deps,
    slotsOf: (taskId: string) => db.slot.findMany({ where: { taskId }, orderBy: { ordinal: 'asc' } }),
  };
}

type World = Awaited<ReturnType<typeof setUp>>;

const claim = ({ deps, projectId }: World, person: Person) => claimTask(deps, person, { projectId });

function submit({ deps }: World, person: Person, view: AssignmentView | null, order?: readonly string[]) {
  if (!view) throw new Error('nothing was claimed');
  const ids = order ?? view.responses.map(({ id }) => id);
  return submitAnnotation(deps, person, {
    assignmentId: view.assignmentId,
    idempotencyKey: randomUUID(),
    content: rankingOf(ids),
    activeMs: 60_000,
  });
}

const member = ({ deps, projectId }: World, person: Person, data: object) =>
  deps.db.membership.update({ where: { projectId_userId: { projectId, userId: person.userId } }, data });

describe('who may claim', () => {
  it('gives the tasks of a pool to people with its skills, one of its languages and the qualification, and to them first', async () => {
    const world = await setUp({ tasks: 2, annotators: 2 });
    const { deps, projectId, lead, taskIds } = world;
    const [expert, other] = world.annotators as [Person, Person];
    const pool = await savePool(deps, lead, {
      projectId,
      name: 'Medicine',
      skills: ['medicine'],
      languages: ['zh', 'en'],
      qualifiedOnly: true,
    });
    // The later task, so that it comes first only because few may take it.
    expect(await placeTasks(deps, lead, { projectId, tasks: { ids: [taskIds[1]!] }, poolId: pool.id })).toEqual({ placed: 1 });
    await member(world, expert, { skills: ['medicine', 'law'], languages: ['en'] });
    expect((await claim(world, other))?.taskId).toBe(taskIds[0]);
    expect(await claim(world, expert)).toBeNull();
    expect(await listPools(deps, lead, { projectId })).toMatchObject([{ name: 'Medicine', tasks: 1, open: 1, people: 0 }]);
    await member(world, expert, { qualifiedAt: new Date() });
    expect(await listPools(deps, lead, { projectId })).toMatchObject([{ people: 1 }]);
    expect((await claim(world, expert))?.taskId).toBe(taskIds[1]);
  });

  it('gives nobody his own text, what he reviewed, what he does not wish to see, or a check of another', async () => {
    const world = await setUp({ tasks: 5, annotators: 1 });
    const { deps, taskIds, projectId } = world;
    const [person] = world.annotators as [Person];
    const [written, reviewed, violent, others, rest] = taskIds as [string, string, string, string, string];
    await deps.db.task.update({ where: { id: written }, data: { authorIds: [person.userId], priority: 9 } });
    await deps.db.task.update({ where: { id: reviewed }, data: { priority: 8 } });
    await deps.db.review.create({ data: { projectId, taskId: reviewed, reviewerId: person.userId, judgement: {} } });
    await deps.db.task.update({ where: { id: violent }, data: { contentFlags: ['violence'], priority: 7 } });
    await deps.db.task.update({ where: { id: others }, data: { onlyUserId: randomUUID(), priority: 6 } });
    await member(world, person, { preferences: { hiddenCategories: ['violence'] } });
    const view = await claim(world, person);
    expect(view?.taskId).toBe(rest);
    expect((await submit(world, person, view)).next).toBeNull();
    // Another wish, and the task that the claim had passed for good is there again.
    await member(world, person, { preferences: { hiddenCategories: [] } });
    expect((await claim(world, person))?.taskId).toBe(violent);
  });

  it('stops at the quota of the day, goes on the next day, and stops at the quota in all; a paused person sends what he holds', async () => {
    const world = await setUp({ tasks: 6, annotators: 1, policy: { quota: { daily: 2, total: 3 } } });
    const [person] = world.annotators as [Person];
    const first = await submit(world, person, await claim(world, person));
    expect((await submit(world, person, first.next)).next).toBeNull();
    await expect(claim(world, person)).rejects.toMatchObject({ code: 'PRECONDITION', details: { need: 'dailyQuota' } });
    world.deps.clock.advance(24 * 3600_000);
    const view = await claim(world, person);
    expect(view?.progress).toEqual({ doneToday: 0, doneTotal: 2, left: 1 });
    await member(world, person, { pausedAt: new Date() });
    const sent = await submit(world, person, view);
    expect(sent).toMatchObject({ surplus: false, next: null });
    await expect(claim(world, person)).rejects.toMatchObject({ details: { need: 'pause' } });
    await member(world, person, { pausedAt: null });
    await expect(claim(world, person)).rejects.toMatchObject({ details: { need: 'totalQuota' } });
    // What is taken back does not count.
    await withdrawAnnotation(world.deps, person, { annotationId: sent.annotationId, idempotencyKey: randomUUID() });
    expect((await claim(world, person))?.taskId).toBe(view?.taskId);
  });

  it('passes what a person has done, and finds what comes back behind his cursor', async () => {
    const world = await setUp({ tasks: 100, overlap: 2, annotators: 2 });
    const { deps, taskIds } = world;
    const [person, other] = world.annotators as [Person, Person];
    let view = await claim(world, person);
    for (let done = 0; done < 90; done += 1) view = (await submit(world, person, view)).next;
    const [cursor] = await deps.db.claimCursor.findMany({ where: { userId: person.userId } });
    const first = await deps.db.slot.findFirst({ where: { taskId: taskIds[0]!, state: 'FREE' } });
    expect(Number(cursor?.position)).toBeGreaterThan(Number(first?.position) + 60);
    // A task that somebody else held and lost without a word, one he skipped, and one that became urgent.
    const slots = await deps.db.slot.findMany({
      where: { state: 'FREE', taskId: { in: taskIds } },
      orderBy: { position: 'desc' },
      take: 4,
    });
    await deps.db.task.update({ where: { id: slots[0]!.taskId }, data: { priority: 3 } });
    const urgent = await claim(world, other);
    expect(urgent?.taskId).toBe(slots[0]!.taskId);
    await skipTask(deps, other, { assignmentId: urgent!.assignmentId, reason: 'UNCLEAR' });
    const seen = new Set<string>();
    for (; view; view = (await submit(world, person, view)).next) seen.add(view.taskId);
    expect(seen.has(urgent!.taskId)).toBe(true);
    expect(await deps.db.annotation.count({ where: { annotatorId: person.userId } })).toBe(100);
  }, 120_000);

  it('leases a slot of his own on a check, once', async () => {
    const world = await setUp({ tasks: 2, annotators: 1 });
    const { deps, taskIds } = world;
    const [person] = world.annotators as [Person];
    const now = deps.clock.now();
    await deps.db.task.update({ where: { id: taskIds[0]! }, data: { purpose: 'GOLD' } });
    const lease = () => deps.db.$transaction((tx) => leaseOwnSlot(tx, { userId: person.userId, taskId: taskIds[0]!, now, ahead: false }));
    const assignmentId = await lease();
    expect(assignmentId).not.toBeNull();
    expect(await lease()).toBeNull();
    const view = await claim(world, person);
    expect(view).toMatchObject({ assignmentId, mode: 'work' });
    await submit(world, person, view);
    expect(await lease()).toBeNull();
    expect(await deps.db.task.findUnique({ where: { id: taskIds[0]! } })).toMatchObject({ status: 'OPEN' });
    await expect(
      deps.db.$transaction((tx) => leaseOwnSlot(tx, { userId: person.userId, taskId: taskIds[1]!, now, ahead: false })),
    ).rejects.toMatchObject({
      code: 'INVARIANT',
    });
  });
});

describe('adaptive overlap', () => {
  const adaptive = { enabled: true, min: 2, max: 4 };

  it('takes what is free from a task once its ranking is settled', async () => {
    const world = await setUp({ tasks: 1, overlap: 4, annotators: 3, policy: { adaptive: { ...adaptive, settledAt: 0.7 } } });
    const [taskId] = world.taskIds as [string];
    const order = (await world.deps.db.taskResponse.findMany({ where: { taskId } })).map(({ responseId }) => responseId).sort();
    for (const person of world.annotators) {
      const view = await claim(world, person);
      if (view) await submit(world, person, view, order);
    }
    const slots = await world.slotsOf(taskId);
    expect(slots.filter(({ state }) => state === 'FILLED').length).toBeGreaterThanOrEqual(2);
    expect(slots.filter(({ state }) => state === 'FREE')).toEqual([]);
    expect(slots.some(({ state }) => state === 'CANCELLED')).toBe(true);
    expect((await world.deps.db.task.findUnique({ where: { id: taskId } }))?.status).toBe('DONE');
    expect(await world.deps.db.outbox.count({ where: { subjectId: world.roundId } })).toBe(1);
  });

  it('asks for one more while people disagree, up to the most', async () => {
    const world = await setUp({ tasks: 1, overlap: 2, annotators: 5, policy: { adaptive: { ...adaptive, settledAt: 0.99 } } });
    const [taskId] = world.taskIds as [string];
    const order = (await world.deps.db.taskResponse.findMany({ where: { taskId } })).map(({ responseId }) => responseId);
    let labelled = 0;
    for (const [index, person] of world.annotators.entries()) {
      const view = await claim(world, person);
      if (!view) continue;
      await submit(world, person, view, index % 2 === 0 ? order : order.toReversed());
      labelled += 1;
    }
    expect(labelled).toBe(4);
    expect((await world.slotsOf(taskId)).map(({ state }) => state)).toEqual(['FILLED', 'FILLED', 'FILLED', 'FILLED']);
  });
});

describe('skipping', () => {
  it('sets a task aside once so many skipped it, lets its round go on, and takes it back from the lead', async () => {
    const world = await setUp({ tasks: 1, annotators: 3, policy: { skip: { setAsideAfter: 2, reasons: ['UNCLEAR'] } } });
    const { deps, lead, roundId } = world;
    const [taskId] = world.taskIds as [string];
    const [first, second, third] = world.annotators as [Person, Person, Person];
    const held = await claim(world, first);
    await expect(skipTask(deps, first, { assignmentId: held!.assignmentId, reason: 'HARMFUL' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await skipTask(deps, first, { assignmentId: held!.assignmentId, reason: 'UNCLEAR' });
    expect(await deps.db.outbox.count({ where: { subjectId: roundId } })).toBe(0);
    const { projectId } = world;
    expect(await listSetAside(deps, lead, { projectId })).toEqual({ tasks: [], total: 0 });
    deps.clock.advance(1000);
    const other = { assignmentId: (await claim(world, second))!.assignmentId, reason: 'UNCLEAR' as const, note: 'Which of two?' };
    await skipTask(deps, second, other);
    expect(await listSetAside(deps, lead, { projectId })).toMatchObject({
      tasks: [
        {
          taskId,
          kind: 'RANKING',
          skips: [
            { reason: 'UNCLEAR', note: '' },
            { reason: 'UNCLEAR', note: 'Which of two?' },
          ],
        },
      ],
      total: 1,
    });
    await expect(listSetAside(deps, first, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await deps.db.outbox.count({ where: { subjectId: roundId } })).toBe(1);
    expect(await claim(world, third)).toBeNull();
    await expect(returnTask(deps, first, { taskId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await returnTask(deps, lead, { taskId })).toEqual({ slots: 1 });
    expect(await claim(world, first)).toBeNull();
    expect((await claim(world, third))?.taskId).toBe(taskId);
  });
});

describe('the policy', () => {
  it('keeps what is not named, names what cannot be, and is not for annotators', async () => {
    const world = await setUp({ tasks: 1, annotators: 1 });
    const { deps, projectId, lead } = world;
    const [person] = world.annotators as [Person];
    await saveLabelingPolicy(deps, lead, { projectId, policy: { quota: { daily: 5 }, overlap: 3 } });
    const policy = await saveLabelingPolicy(deps, lead, { projectId, policy: { quota: { total: 50 } } });
    expect(policy).toMatchObject({ overlap: 3, quota: { daily: 5, total: 50 }, breakMinutes: 50 });
    await expect(saveLabelingPolicy(deps, lead, { projectId, policy: { adaptive: { max: 1 } } })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'adaptive.max' },
    });
    await expect(saveLabelingPolicy(deps, lead, { projectId, policy: { overlaps: 2 } })).rejects.toMatchObject({
      details: { field: 'overlaps' },
    });
    await expect(saveLabelingPolicy(deps, person, { projectId, policy: {} })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('joins groups at every depth, and tells two people who change the same thing apart', async () => {
    const { deps, projectId, lead } = await setUp({ tasks: 0, annotators: 0 });
    const { dwell } = await saveLabelingPolicy(deps, lead, { projectId, policy: { dwell: { minMs: { SPAN: 9000 } } } });
    const other = await saveLabelingPolicy(deps, lead, { projectId, policy: { dwell: { minMs: { CHAT: 1 } }, breakMinutes: 30 } });
    expect(other.dwell).toEqual({ ...dwell, minMs: { ...dwell.minMs, SPAN: 9000, CHAT: 1 } });
    const late = { overlap: 2, breakMinutes: 40, dwell: { minMs: { CHAT: 2 } } };
    const seen = { overlap: 1, breakMinutes: 50, dwell: { minMs: { CHAT: 5000 } } };
    await expect(saveLabelingPolicy(deps, lead, { projectId, policy: late, basedOn: seen })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { fields: ['breakMinutes', 'dwell.minMs.CHAT'] },
    });
    // What somebody else changed elsewhere is no conflict.
    const basedOn = { overlap: 1, skip: { reasons: [...other.skip.reasons] } };
    const saved = await saveLabelingPolicy(deps, lead, { projectId, policy: { overlap: 2 }, basedOn });
    expect(saved).toEqual({ ...other, overlap: 2 });
  });
});

describe('open tasks', () => {
  it('are counted by dataset, kind and pool, as the same filter would move them', async () => {
    const { deps, projectId, lead, annotators, taskIds } = await setUp({ tasks: 3, annotators: 1 });
    const counts = () => countOpenTasks(deps, lead, { projectId });
    expect(await counts()).toMatchObject([{ kind: 'RANKING', poolId: null, n: 3 }]);
    await deps.db.task.update({ where: { id: taskIds[0]! }, data: { status: 'DONE' } });
    const pool = await savePool(deps, lead, { projectId, name: 'Later' });
    const [first] = await counts();
    expect(first).toMatchObject({ poolId: null, n: 2 });
    expect(await placeTasks(deps, lead, { projectId, tasks: { datasetId: first!.datasetId }, poolId: pool.id })).toEqual({ placed: 2 });
    expect(await counts()).toMatchObject([{ poolId: pool.id, n: 2 }]);
    await expect(countOpenTasks(deps, annotators[0]!, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
