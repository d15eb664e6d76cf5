import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '#lib/domain/actor';
import { claimTask } from '#lib/services/labeling/claim-task';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { answerHint } from '#lib/services/review/answer-hint';
import { decideReview } from '#lib/services/review/decide-review';
import { judgeTask } from '#lib/services/review/judge-task';
import { listReviewQueue } from '#lib/services/review/list-review-queue';
import { openReview } from '#lib/services/review/open-review';
import { refreshTask } from '#lib/services/review/refresh-task';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, rankingOf, TestClock } from '../../support/labeling';

describe('review', () => {
  let database: TestDatabase;
  let deps: { db: TestDatabase['db']; clock: TestClock; queues: { wake(): Promise<void> } };
  let projectId: string;
  let modelId: string;
  let people: readonly (Actor & { kind: 'user' })[];
  let reviewer: Actor & { kind: 'user' };

  beforeAll(async () => {
    database = await createTestDatabase();
    deps = { db: database.db, clock: new TestClock(), queues: { wake: async () => undefined } };
  });
  afterAll(() => database?.drop());

  async function start(tasks: number, overlap = 2): Promise<string[]> {
    const project = await createBareProject(database.db);
    projectId = project.projectId;
    modelId = project.modelId;
    const round = await createLabelingRound(database.db, project, { tasks, overlap });
    people = [await createMember(database.db, projectId), await createMember(database.db, projectId)];
    reviewer = await createMember(database.db, projectId, ['ANNOTATOR', 'REVIEWER']);
    return round.taskIds;
  }

  /** Takes the next task and ranks its answers by id, or the other way round; gives what was acknowledged. */
  async function label(actor: Actor, reversed: (taskId: string) => boolean) {
    const view = await claimTask(deps as never, actor, { projectId });
    if (!view) throw new Error('nothing to claim');
    const ids = view.responses.map(({ id }) => id).sort();
    const content = rankingOf(reversed(view.taskId) ? [...ids].reverse() : ids);
    return submitAnnotation(deps as never, actor, {
      assignmentId: view.assignmentId,
      idempotencyKey: randomUUID(),
      content,
      activeMs: 9000,
    });
  }

  it('puts first what people disagree on, and shows labels only after an own judgement', async () => {
    const taskIds = await start(3);
    const disputed = taskIds[1] as string;
    const [first, second] = people as [Actor, Actor];
    for (let index = 0; index < 3; index += 1) {
      await label(first, () => false);
      await label(second, (taskId) => taskId === disputed);
    }
    const queue = await listReviewQueue(deps, reviewer, { projectId });
    expect(queue).toMatchObject({ open: 1, decided: 0, items: [{ taskId: disputed, labels: 2, disagreement: 1, judged: false }] });

    const before = await openReview(deps, reviewer, { taskId: disputed });
    expect(before).toMatchObject({ judgement: null, labels: null, decision: null });
    expect(JSON.stringify(before)).not.toMatch(/secret|annotator|score/i);
    const ids = before.task.responses.map(({ id }) => id).sort();
    await expect(decideReview(deps, reviewer, { taskId: disputed, content: rankingOf(ids), reason: 'x' })).rejects.toMatchObject({
      code: 'PRECONDITION',
    });

    await judgeTask(deps, reviewer, { taskId: disputed, content: rankingOf(ids) });
    await expect(judgeTask(deps, reviewer, { taskId: disputed, content: rankingOf(ids) })).rejects.toMatchObject({ code: 'CONFLICT' });
    const after = await openReview(deps, reviewer, { taskId: disputed });
    expect(after.judgement).toEqual(rankingOf(ids));
    expect(after.labels?.map(({ author }) => author).sort()).toEqual([1, 2]);
    const wrong = after.labels?.find(({ content }) => content.ranks?.[ids[0] as string] === 3);

    await decideReview(deps, reviewer, {
      taskId: disputed,
      content: rankingOf(ids),
      reason: 'The last answer invents a source.',
      errors: [{ annotationId: wrong?.annotationId as string, category: 'MISSED_FACT' }],
    });
    expect(await openReview(deps, reviewer, { taskId: disputed })).toMatchObject({
      decision: {
        content: rankingOf(ids),
        reason: 'The last answer invents a source.',
        errors: [{ category: 'MISSED_FACT' }],
        gold: false,
      },
    });
    expect(await listReviewQueue(deps, reviewer, { projectId })).toMatchObject({ open: 0, decided: 1, items: [] });
    const again = decideReview(deps, reviewer, { taskId: disputed, content: rankingOf(ids), reason: 'again' });
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is not for the person who labelled the task, nor for annotators', async () => {
    const [taskId] = (await start(1)) as [string];
    await label(reviewer, () => false);
    await expect(openReview(deps, reviewer, { taskId })).rejects.toMatchObject({ code: 'PRECONDITION' });
    await expect(openReview(deps, people[0] as Actor, { taskId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(listReviewQueue(deps, people[0] as Actor, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('orders by the surprise of the reward ensemble, and asks the person only after submitting', async () => {
    const [taskId] = (await start(1, 1)) as [string];
    const { db } = database;
    const answers = await db.taskResponse.findMany({ where: { taskId }, orderBy: { responseId: 'asc' } });
    const inputs = { rewardModelIds: [modelId] };
    await db.run.create({ data: { projectId, kind: 'SCORING', status: 'DONE', config: {}, inputs, inputHashes: {}, seed: 0 } });
    // The ensemble is sure of the order of ids, the other way round than the person.
    await db.responseScore.createMany({
      data: answers.map(({ responseId }, index) => ({ responseId, modelVersionId: modelId, score: -index, members: [-4 * index] })),
    });
    const [person] = people as [Actor];
    const sent = await label(person, () => true);
    const [best, , worst] = answers.map(({ responseId }) => responseId);
    expect(sent.hint).toEqual({ annotationId: sent.annotationId, chosen: worst, rejected: best });
    expect(JSON.stringify(sent.next)).not.toContain(modelId);

    const task = await db.task.findUniqueOrThrow({ where: { id: taskId } });
    const against = 1 / (1 + Math.exp(-8));
    expect(task.surprise).toBeCloseTo(-Math.log2(1 - against), 9);
    expect(await listReviewQueue(deps, reviewer, { projectId, order: 'surprise' })).toMatchObject({ items: [{ taskId }], open: 1 });

    await answerHint(deps, person, { annotationId: sent.annotationId, outcome: 'REVISED', reason: 'I had misread it.' });
    await expect(answerHint(deps, person, { annotationId: sent.annotationId, outcome: 'KEPT' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(answerHint(deps, people[1] as Actor, { annotationId: sent.annotationId, outcome: 'KEPT' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const content = rankingOf(answers.map(({ responseId }) => responseId));
    await correctAnnotation(deps as never, person, {
      annotationId: sent.annotationId,
      idempotencyKey: randomUUID(),
      content,
      activeMs: 1000,
    });
    expect(await db.annotation.count({ where: { taskId } })).toBe(2);
    await db.$transaction((tx) => refreshTask(tx, taskId));
    const corrected = await db.task.findUniqueOrThrow({ where: { id: taskId } });
    expect(corrected.surprise).toBeLessThan(0.05);
  });
});
