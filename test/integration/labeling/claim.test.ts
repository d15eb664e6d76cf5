import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayOrder } from '#lib/domain/display-order';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { getAssignmentView } from '#lib/services/labeling/get-assignment-view';
import { heartbeatAssignments } from '#lib/services/labeling/heartbeat';
import { labelingProgress } from '#lib/services/labeling/labeling-progress';
import { saveDraft } from '#lib/services/labeling/save-draft';
import { skipTask } from '#lib/services/labeling/skip-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, rankingOf, TestClock } from '../../support/labeling';

let database: TestDatabase;
let queues: ReturnType<typeof connectQueues>;

beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
  const settings = { databaseUrl: database.url, redisUrl: null };
  await migrateQueues(settings);
  queues = connectQueues(settings, () => {}); // a wake-up call that comes late loses nothing: the outbox row is what counts
});

afterAll(async () => {
  await queues.close();
  await database.drop();
});

async function setUp(options: { tasks: number; overlap?: number; annotators: number }) {
  const { db } = database;
  const project = await createBareProject(db);
  const round = await createLabelingRound(db, project, options);
  const annotators = [];
  for (let index = 0; index < options.annotators; index += 1) annotators.push(await createMember(db, project.projectId));
  const clock = new TestClock();
  return { ...project, ...round, annotators, clock, deps: { db, clock, queues } };
}

function submission(assignmentId: string) {
  return { assignmentId, idempotencyKey: randomUUID(), activeMs: 60_000 };
}

describe('claiming', () => {
  it('serves 40 annotators at once and 500 slots: none twice, none left, nobody without work', async () => {
    const { deps, projectId, annotators, taskIds } = await setUp({ tasks: 250, overlap: 2, annotators: 40 });
    const done = new Map<string, number>();
    const started = performance.now();
    await Promise.all(
      annotators.map(async (actor) => {
        let task = await claimTask(deps, actor, { projectId });
        for (;;) {
          if (!task) return;
          const submitted = await submitAnnotation(deps, actor, {
            assignmentId: task.assignmentId,
            idempotencyKey: randomUUID(),
            content: rankingOf(task.responses.map(({ id }) => id)),
            activeMs: 60_000,
          });
          expect(submitted.surplus).toBe(false);
          done.set(actor.userId, (done.get(actor.userId) ?? 0) + 1);
          task = submitted.next;
        }
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    console.log(`500 claims and submits by 40 annotators in ${seconds.toFixed(1)} s`);
    const slots = await deps.db.slot.findMany({ where: { projectId } });
    expect(slots).toHaveLength(500);
    expect(slots.every(({ state, liveAnnotationId }) => state === 'FILLED' && liveAnnotationId !== null)).toBe(true);
    const pairs = await deps.db.annotation.findMany({ where: { taskId: { in: taskIds } }, select: { taskId: true, annotatorId: true } });
    expect(pairs).toHaveLength(500);
    expect(new Set(pairs.map(({ taskId, annotatorId }) => `${taskId} ${annotatorId}`)).size).toBe(500);
    expect(done.size).toBe(40);
    expect(Math.min(...done.values())).toBeGreaterThanOrEqual(2);
    expect(await deps.db.task.count({ where: { projectId, status: 'DONE' } })).toBe(250);
    expect(await labelingProgress(deps, { kind: 'system', name: 'test' }, { projectId })).toEqual({
      wanted: 500,
      filled: 500,
      leased: 0,
      free: 0,
      surplus: 0,
      skipped: 0,
      stuck: 0,
    });
    expect(await deps.db.outbox.count({ where: { kind: 'advance-round' } })).toBe(1);
  }, 400_000);

  it('gives one person one task at a time, also from eight pages at once', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 5, overlap: 2, annotators: 1 });
    const [actor] = annotators;
    const views = await Promise.all(Array.from({ length: 8 }, () => claimTask(deps, actor!, { projectId })));
    expect(new Set(views.map((view) => view?.assignmentId)).size).toBe(1);
    expect(await deps.db.slot.count({ where: { projectId, state: 'LEASED' } })).toBe(1);
  });

  it('preloads one task ahead, behind the one in hand', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 4, annotators: 1 });
    const actor = annotators[0]!;
    const current = await claimTask(deps, actor, { projectId });
    const ahead = await claimTask(deps, actor, { projectId, ahead: true });
    expect(ahead?.taskId).not.toBe(current?.taskId);
    expect((await claimTask(deps, actor, { projectId, ahead: true }))?.assignmentId).toBe(ahead?.assignmentId);
    expect((await claimTask(deps, actor, { projectId }))?.assignmentId).toBe(current?.assignmentId);
    expect(current!.expiresAt.getTime() - deps.clock.now().getTime()).toBe(10 * 60_000);
    expect(ahead!.expiresAt.getTime() - deps.clock.now().getTime()).toBe(3 * 60_000);
    const submitted = await submitAnnotation(deps, actor, {
      assignmentId: current!.assignmentId,
      idempotencyKey: randomUUID(),
      content: rankingOf(current!.responses.map(({ id }) => id)),
      activeMs: 0,
    });
    // The preloaded one is in hand now, for long; the answer is the one after it: one request a task.
    expect([current?.taskId, ahead?.taskId]).not.toContain(submitted.next?.taskId);
    expect(submitted.next!.expiresAt.getTime() - deps.clock.now().getTime()).toBe(3 * 60_000);
    expect(submitted.next?.progress).toEqual({ doneToday: 1, doneTotal: 1, left: 3 });
    const inHand = await getAssignmentView(deps, actor, { assignmentId: ahead!.assignmentId });
    expect(inHand.expiresAt.getTime() - deps.clock.now().getTime()).toBe(10 * 60_000);
  });

  it('takes a preloaded task back when the queue runs dry, but never the one in hand', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 2, annotators: 3 });
    const [first, second, third] = annotators;
    const current = await claimTask(deps, first!, { projectId });
    const ahead = await claimTask(deps, first!, { projectId, ahead: true });
    const taken = await claimTask(deps, second!, { projectId });
    expect(taken?.taskId).toBe(ahead?.taskId);
    expect(await claimTask(deps, third!, { projectId })).toBeNull();
    const beats = await heartbeatAssignments(deps, first!, { assignmentIds: [current!.assignmentId, ahead!.assignmentId] });
    expect(beats.map(({ held }) => held)).toEqual([true, false]);
  });

  it('does not take back a preloaded task that has a draft', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 2, annotators: 2 });
    await claimTask(deps, annotators[0]!, { projectId });
    const ahead = await claimTask(deps, annotators[0]!, { projectId, ahead: true });
    await saveDraft(deps, annotators[0]!, { assignmentId: ahead!.assignmentId, draft: { started: true } });
    expect(await claimTask(deps, annotators[1]!, { projectId })).toBeNull();
  });

  it('hands a task on once its lease ran out, and keeps it while heartbeats come', async () => {
    const { deps, clock, projectId, annotators } = await setUp({ tasks: 1, annotators: 2 });
    const [first, second] = annotators;
    const held = await claimTask(deps, first!, { projectId });
    for (let beat = 0; beat < 30; beat += 1) {
      clock.advance(60_000);
      await heartbeatAssignments(deps, first!, { assignmentIds: [held!.assignmentId] });
      expect(await claimTask(deps, second!, { projectId })).toBeNull();
    }
    clock.advance(10 * 60_000 + 1);
    const taken = await claimTask(deps, second!, { projectId });
    expect(taken?.taskId).toBe(held?.taskId);
    expect(await claimTask(deps, first!, { projectId })).toBeNull();
    // Lost without a word is not skipped: when the second is lost as well, the first can have it again.
    clock.advance(10 * 60_000 + 1);
    expect((await claimTask(deps, first!, { projectId }))?.taskId).toBe(held?.taskId);
  });

  it('gives a person who comes back what he held, as long as nobody took it', async () => {
    const { deps, clock, projectId, annotators } = await setUp({ tasks: 3, annotators: 1 });
    const held = await claimTask(deps, annotators[0]!, { projectId });
    clock.advance(24 * 3600_000);
    const again = await claimTask(deps, annotators[0]!, { projectId });
    expect(again?.assignmentId).toBe(held?.assignmentId);
    expect(again!.expiresAt.getTime()).toBe(clock.now().getTime() + 10 * 60_000);
  });

  it('shows each person the answers in the order that follows from person and task, and keeps it', async () => {
    const { deps, projectId, annotators, taskIds } = await setUp({ tasks: 1, overlap: 12, annotators: 12 });
    const views = await Promise.all(annotators.map((actor) => claimTask(deps, actor, { projectId })));
    const responses = await database.db.taskResponse.findMany({ where: { taskId: taskIds[0] } });
    const ids = responses.map(({ responseId }) => responseId);
    for (const [index, { userId }] of annotators.entries()) {
      const order = displayOrder(ids, userId, taskIds[0]!);
      expect(views[index]?.responses.map(({ id }) => id)).toEqual(order);
      const { displayOrder: kept } = await database.db.assignment.findFirstOrThrow({ where: { annotatorId: userId } });
      expect(kept).toEqual(order);
    }
    expect(new Set(views.map((view) => view?.responses.map(({ id }) => id).join())).size).toBeGreaterThan(1);
  });

  it('goes on to the next priority where the first holds only what the person has done', async () => {
    // So many that nobody counts them anew: then a claim tries the first priority in one go.
    const { deps, projectId, annotators, taskIds } = await setUp({ tasks: 260, overlap: 2, annotators: 1 });
    const [ana] = annotators;
    const [urgent] = taskIds;
    await database.db.slot.updateMany({ where: { taskId: urgent! }, data: { priority: 2 } });
    const given: string[] = [];
    let task = await claimTask(deps, ana!, { projectId });
    while (task && given.length < 4) {
      given.push(task.taskId);
      const content = rankingOf(task.responses.map(({ id }) => id));
      task = (await submitAnnotation(deps, ana!, { ...submission(task.assignmentId), content })).next;
    }
    expect(given[0]).toBe(urgent);
    expect(new Set(given).size).toBe(4);
    expect(await database.db.assignment.count({ where: { annotatorId: ana!.userId } })).toBe(5);
  });

  it('takes the higher priority first', async () => {
    const { deps, projectId, annotators, taskIds } = await setUp({ tasks: 6, annotators: 1 });
    const urgent = taskIds[4]!;
    await deps.db.slot.updateMany({ where: { taskId: urgent }, data: { priority: 5 } });
    expect((await claimTask(deps, annotators[0]!, { projectId }))?.taskId).toBe(urgent);
  });

  it('does not ask a person again who skipped, frees the slot, and says when a slot is stuck', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 1, annotators: 2 });
    const [first, second] = annotators;
    const task = await claimTask(deps, first!, { projectId });
    expect((await skipTask(deps, first!, { assignmentId: task!.assignmentId, reason: 'HARMFUL', note: 'no' })).next).toBeNull();
    expect((await deps.db.assignment.findUniqueOrThrow({ where: { id: task!.assignmentId } })).skipReason).toBe('HARMFUL: no');
    const other = await claimTask(deps, second!, { projectId });
    expect(other?.taskId).toBe(task?.taskId);
    await skipTask(deps, second!, { assignmentId: other!.assignmentId, reason: 'UNCLEAR' });
    expect(await labelingProgress(deps, { kind: 'system', name: 'test' }, { projectId })).toMatchObject({ free: 1, skipped: 2, stuck: 1 });
  });

  it('hands out nothing of a round that is paused, and nothing to who does not annotate', async () => {
    const { deps, projectId, annotators, roundId } = await setUp({ tasks: 1, annotators: 1 });
    await deps.db.round.update({ where: { id: roundId }, data: { status: 'PAUSED' } });
    expect(await claimTask(deps, annotators[0]!, { projectId })).toBeNull();
    const researcher = await createMember(deps.db, projectId, ['RESEARCHER', 'ADMIN', 'REVIEWER']);
    await expect(claimTask(deps, researcher, { projectId })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      details: { roles: ['ANNOTATOR'] },
    });
    const stranger = await createMember(deps.db, (await createBareProject(deps.db)).projectId);
    await expect(claimTask(deps, stranger, { projectId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(claimTask(deps, { ...stranger, isSystemAdmin: true }, { projectId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(claimTask(deps, { kind: 'system', name: 'test' }, { projectId })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
