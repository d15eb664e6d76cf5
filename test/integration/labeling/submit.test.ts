import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '#lib/domain/actor';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { type AssignmentView, getAssignmentView } from '#lib/services/labeling/get-assignment-view';
import { saveDraft } from '#lib/services/labeling/save-draft';
import { skipTask } from '#lib/services/labeling/skip-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { withdrawAnnotation } from '#lib/services/labeling/withdraw-annotation';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, type RoundOptions, rankingOf, TestClock } from '../../support/labeling';

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

async function setUp(options: RoundOptions & { annotators: number }) {
  const { db } = database;
  const project = await createBareProject(db);
  const round = await createLabelingRound(db, project, options);
  const annotators: Actor[] = [];
  for (let index = 0; index < options.annotators; index += 1) annotators.push(await createMember(db, project.projectId));
  const clock = new TestClock();
  return { ...project, ...round, annotators, clock, deps: { db, clock, queues } };
}

const idsOf = (view: AssignmentView | null) => view!.responses.map(({ id }) => id);
const submission = (view: AssignmentView | null, tieLast = false) => ({
  assignmentId: view!.assignmentId,
  idempotencyKey: randomUUID(),
  content: rankingOf(idsOf(view), tieLast),
  activeMs: 1234.4,
});

describe('submitting', () => {
  it('keeps the ranking with what it was made under', async () => {
    const { deps, projectId, annotators, guidelineId, formVersionId } = await setUp({ tasks: 1, annotators: 1 });
    const view = await claimTask(deps, annotators[0]!, { projectId });
    const { annotationId, surplus, acknowledgedAt, next } = await submitAnnotation(deps, annotators[0]!, submission(view, true));
    expect({ surplus, next, acknowledgedAt }).toEqual({ surplus: false, next: null, acknowledgedAt: deps.clock.now() });
    const row = await deps.db.annotation.findUniqueOrThrow({ where: { id: annotationId } });
    const [best, second, third] = idsOf(view);
    expect(row).toMatchObject({
      taskId: view!.taskId,
      assignmentId: view!.assignmentId,
      content: { ranks: { [best!]: 1, [second!]: 2, [third!]: 2 }, aside: [] },
      displayOrder: idsOf(view),
      schemaVersion: 1,
      guidelineId,
      formVersionId,
      activeMs: 1234,
      surplus: false,
    });
    expect(row.contentHash).toMatch(/^[0-9a-f]{64}$/);
    const slot = await deps.db.slot.findFirstOrThrow({ where: { projectId } });
    expect(slot).toMatchObject({ state: 'FILLED', liveAnnotationId: annotationId, leaseExpiresAt: null });
  });

  it('makes one label of ten requests with one key, each with the same acknowledgement', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 2, annotators: 1 });
    const view = await claimTask(deps, annotators[0]!, { projectId });
    const once = submission(view);
    const answers = await Promise.all(Array.from({ length: 10 }, () => submitAnnotation(deps, annotators[0]!, once)));
    deps.clock.advance(5000);
    answers.push(await submitAnnotation(deps, annotators[0]!, once));
    expect(new Set(answers.map(({ annotationId, acknowledgedAt }) => `${annotationId} ${acknowledgedAt.toISOString()}`)).size).toBe(1);
    expect(await deps.db.annotation.count({ where: { taskId: view!.taskId } })).toBe(1);
    expect(answers[0]?.next?.taskId).not.toBe(view?.taskId);
  });

  it('refuses a second submission with another key, and one key for two tasks', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 2, annotators: 1 });
    const actor = annotators[0]!;
    const view = await claimTask(deps, actor, { projectId });
    const once = submission(view);
    const { next } = await submitAnnotation(deps, actor, once);
    await expect(submitAnnotation(deps, actor, submission(view))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(submitAnnotation(deps, actor, { ...submission(next), idempotencyKey: once.idempotencyKey })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(saveDraft(deps, actor, { assignmentId: view!.assignmentId, draft: {} })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(skipTask(deps, actor, { assignmentId: view!.assignmentId, reason: 'OTHER' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await deps.db.annotation.count({ where: { task: { projectId } } })).toBe(1);
  });

  it('refuses an answer without a place, one that was not shown, and another person; nothing is changed', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 1, annotators: 2 });
    const [actor, other] = annotators;
    const view = await claimTask(deps, actor!, { projectId });
    const [a, b, c] = idsOf(view);
    const good = submission(view);
    for (const content of [
      { ranks: { [a!]: 1, [b!]: 2 }, aside: [] },
      { ranks: { [a!]: 1, [b!]: 2, [c!]: 3, [randomUUID()]: 4 }, aside: [] },
      { ranks: { [a!]: 1, [b!]: 3, [c!]: 3 }, aside: [] },
      null,
    ]) {
      await expect(submitAnnotation(deps, actor!, { ...good, content })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    }
    await expect(submitAnnotation(deps, other!, good)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(getAssignmentView(deps, other!, { assignmentId: view!.assignmentId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(saveDraft(deps, other!, { assignmentId: view!.assignmentId, draft: {} })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await deps.db.annotation.count({ where: { task: { projectId } } })).toBe(0);
    const everythingAside = { ranks: {}, aside: [a, b, c] };
    expect((await submitAnnotation(deps, actor!, { ...good, content: everythingAside })).surplus).toBe(false);
  });

  it('keeps a late submission: in its own slot, in another one, or as surplus', async () => {
    const { deps, clock, projectId, annotators } = await setUp({ tasks: 1, overlap: 2, annotators: 4 });
    const views = [];
    for (const actor of annotators.slice(0, 2)) views.push(await claimTask(deps, actor, { projectId }));
    clock.advance(11 * 60_000);
    // The third takes a slot whose lease ran out. The first two send late: one finds his slot or the other's, the last finds none.
    const third = await claimTask(deps, annotators[2]!, { projectId });
    expect(third?.taskId).toBe(views[0]?.taskId);
    const late = [];
    for (const [index, view] of views.entries()) late.push(await submitAnnotation(deps, annotators[index]!, submission(view)));
    expect(late.map(({ surplus }) => surplus)).toEqual([false, true]);
    expect((await submitAnnotation(deps, annotators[2]!, submission(third))).surplus).toBe(false);
    expect(await claimTask(deps, annotators[3]!, { projectId })).toBeNull();
    const slots = await deps.db.slot.findMany({ where: { projectId } });
    expect(slots.map(({ state }) => state)).toEqual(['FILLED', 'FILLED']);
    expect(await deps.db.annotation.count({ where: { task: { projectId } } })).toBe(3);
    expect(await deps.db.annotation.findFirst({ where: { task: { projectId }, surplus: true } })).toMatchObject({ slotId: null });
  });

  it('never makes more live labels than slots when all send late at once', async () => {
    const { deps, clock, projectId, annotators } = await setUp({ tasks: 1, overlap: 3, annotators: 12 });
    const views = new Map<Actor, AssignmentView | null>();
    for (const actor of annotators) {
      views.set(actor, await claimTask(deps, actor, { projectId }));
      clock.advance(4 * 60_000);
    }
    const sent = await Promise.all(
      [...views].filter(([, view]) => view !== null).map(([actor, view]) => submitAnnotation(deps, actor, submission(view))),
    );
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.filter(({ surplus }) => !surplus)).toHaveLength(3);
    expect(await deps.db.slot.count({ where: { projectId, state: 'FILLED' } })).toBe(3);
    expect(await deps.db.annotation.count({ where: { task: { projectId } } })).toBe(sent.length);
  });
});

describe('drafts', () => {
  it('come back with the task', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 1, annotators: 1 });
    const view = await claimTask(deps, annotators[0]!, { projectId });
    const draft = { ranks: { [idsOf(view)[0]!]: 1 }, aside: [], note: 'half' };
    await saveDraft(deps, annotators[0]!, { assignmentId: view!.assignmentId, draft });
    expect((await claimTask(deps, annotators[0]!, { projectId }))?.draft).toEqual(draft);
    await expect(saveDraft(deps, annotators[0]!, { assignmentId: view!.assignmentId, draft: 'x'.repeat(200_000) })).rejects.toThrow(
      'too long',
    );
  });
});

describe('undo', () => {
  it('withdraws with a new row and opens the task again for the same person only', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 1, annotators: 2 });
    const [actor, other] = annotators;
    const view = await claimTask(deps, actor!, { projectId });
    const { annotationId } = await submitAnnotation(deps, actor!, submission(view));
    await expect(withdrawAnnotation(deps, other!, { annotationId, idempotencyKey: randomUUID() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const key = randomUUID();
    const opened = await withdrawAnnotation(deps, actor!, { annotationId, idempotencyKey: key });
    expect(opened).toMatchObject({ assignmentId: view!.assignmentId, draft: rankingOf(idsOf(view)), submittedAt: null });
    expect((await withdrawAnnotation(deps, actor!, { annotationId, idempotencyKey: key }))?.assignmentId).toBe(view!.assignmentId);
    await expect(withdrawAnnotation(deps, actor!, { annotationId, idempotencyKey: randomUUID() })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await deps.db.task.findFirstOrThrow({ where: { projectId } })).toMatchObject({ status: 'OPEN' });
    expect(await claimTask(deps, other!, { projectId })).toBeNull();
    const again = await submitAnnotation(deps, actor!, submission(opened, true));
    expect(again.annotationId).not.toBe(annotationId);
    const rows = await deps.db.annotation.findMany({ where: { task: { projectId } } });
    expect(rows).toHaveLength(3);
    expect(rows.filter(({ withdrawsId }) => withdrawsId === annotationId)).toHaveLength(1);
    expect(await deps.db.slot.findFirstOrThrow({ where: { projectId } })).toMatchObject({
      state: 'FILLED',
      liveAnnotationId: again.annotationId,
    });
  });

  it('is refused once the round has moved on; a correction is not', async () => {
    const { deps, projectId, annotators, roundId } = await setUp({ tasks: 1, annotators: 1 });
    const actor = annotators[0]!;
    const view = await claimTask(deps, actor, { projectId });
    const { annotationId } = await submitAnnotation(deps, actor, submission(view));
    await deps.db.round.update({ where: { id: roundId }, data: { stage: 'FREEZING', status: 'RUNNING' } });
    await expect(withdrawAnnotation(deps, actor, { annotationId, idempotencyKey: randomUUID() })).rejects.toMatchObject({
      code: 'PRECONDITION',
    });
    const correction = {
      annotationId,
      idempotencyKey: randomUUID(),
      content: rankingOf([...idsOf(view)].reverse()),
      activeMs: 10,
    };
    const corrected = await correctAnnotation(deps, actor, correction);
    expect(corrected.supersedesId).toBe(annotationId);
    expect(await correctAnnotation(deps, actor, correction)).toEqual(corrected);
    await expect(correctAnnotation(deps, actor, { ...correction, idempotencyKey: randomUUID() })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await deps.db.slot.findFirstOrThrow({ where: { projectId } })).liveAnnotationId).toBe(corrected.annotationId);
    expect(await deps.db.annotation.count({ where: { task: { projectId } } })).toBe(2);
  });
});

describe('what is kept', () => {
  it('is changed by nobody, not even by SQL', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 1, annotators: 1 });
    const view = await claimTask(deps, annotators[0]!, { projectId });
    const { annotationId } = await submitAnnotation(deps, annotators[0]!, submission(view));
    const { db } = deps;
    await expect(db.$executeRaw`update "Annotation" set "content" = '{}' where "id" = ${annotationId}`).rejects.toThrow(/append-only/);
    await expect(db.$executeRaw`delete from "Annotation" where "id" = ${annotationId}`).rejects.toThrow(/append-only/);
    await expect(db.$executeRaw`truncate "Annotation" cascade`).rejects.toThrow(/append-only/);
    await expect(db.annotation.update({ where: { id: annotationId }, data: { surplus: true } })).rejects.toThrow();
    expect((await db.annotation.findUniqueOrThrow({ where: { id: annotationId } })).content).toEqual(rankingOf(idsOf(view)));
  });
});

describe('blindness', () => {
  it.each(['LABELING', 'EVALUATION'] as const)(
    'a %s task tells nothing but prompt, texts, guideline, form and own draft',
    async (purpose) => {
      const { deps, projectId, annotators, modelId, roundId, loopId, datasetId } = await setUp({
        tasks: 2,
        overlap: 2,
        annotators: 2,
        purpose,
        responses: 2,
      });
      const [first, second] = annotators;
      const seen = await claimTask(deps, first!, { projectId });
      const { annotationId, next } = await submitAnnotation(deps, first!, submission(seen));
      const view = await claimTask(deps, second!, { projectId });
      expect(view?.taskId).toBe(seen?.taskId);
      expect(Object.keys(view!).sort()).toEqual(
        [
          ...['assignmentId', 'taskId', 'projectId', 'kind', 'prompt', 'responses', 'guideline', 'form', 'draft', 'draftSavedAt'],
          ...['expiresAt', 'submittedAt', 'progress', 'mode', 'spec', 'contentFlags', 'messages'],
        ].sort(),
      );
      for (const response of view!.responses) expect(Object.keys(response).sort()).toEqual(['id', 'text']);
      const ownIds = await deps.db.slot.findMany({ where: { projectId }, select: { id: true } });
      const everything = JSON.stringify([view, next, await getAssignmentView(deps, second!, { assignmentId: view!.assignmentId })]);
      const secrets = [
        ...['secret-model-name', 'sampling-secret', 'temperature', 'modelVersion', 'score', 'gold', 'purpose', 'EVALUATION', 'sampleIndex'],
        ...['tokenIds', 'salt', 'split', 'TRAIN', modelId, roundId, loopId, datasetId, annotationId],
        ...annotators.map((actor) => (actor.kind === 'user' ? actor.userId : '')),
        ...ownIds.map(({ id }) => id),
      ];
      for (const secret of secrets) expect(everything, secret).not.toContain(secret);
      expect(JSON.stringify(view)).toContain('Answer 0 to');
    },
  );

  it('shows the answers of one task in an order of its own to each person', async () => {
    const { deps, projectId, annotators } = await setUp({ tasks: 1, overlap: 12, annotators: 12, responses: 4 });
    const orders = [];
    for (const actor of annotators) orders.push(idsOf(await claimTask(deps, actor, { projectId })).join());
    expect(new Set(orders).size).toBeGreaterThan(3);
    expect(new Set(orders.map((order) => order.split(',').sort().join())).size).toBe(1);
  });
});
