import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveGuideline } from '#lib/services/guidelines/save-guideline';
import { claimTask } from '#lib/services/labeling/claim-task';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { withdrawAnnotation } from '#lib/services/labeling/withdraw-annotation';
import { getOwnWork } from '#lib/services/own-work/get-own-work';
import { getPreferences } from '#lib/services/own-work/get-preferences';
import { guidelineReading } from '#lib/services/own-work/guideline-reading';
import { listOwnAnnotations } from '#lib/services/own-work/list-own-annotations';
import { markGuidelineRead } from '#lib/services/own-work/mark-guideline-read';
import { savePreferences } from '#lib/services/own-work/save-preferences';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, rankingOf, TestClock } from '../../support/labeling';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const dayMs = 24 * 3600_000;

async function setUp(tasks = 3, overlap = 2) {
  const { db } = database;
  const deps = { db, clock: new TestClock(), queues: { wake: async () => undefined } as never };
  const bare = await createBareProject(db);
  const round = await createLabelingRound(db, bare, { tasks, overlap });
  const { projectId } = bare;
  const [ana, ben, mia] = [
    await createMember(db, projectId, ['ANNOTATOR'], 'Ana'),
    await createMember(db, projectId, ['ANNOTATOR'], 'Ben'),
    await createMember(db, projectId, ['RESEARCHER'], 'Mia'),
  ];
  return { deps, db, bare, projectId, round, ana, ben, mia };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** Ranks the next task in the order of the response ids, turned round where asked. */
async function rank({ deps, projectId }: World, person: World['ana'], turned = false, activeMs = 60_000) {
  const view = (await claimTask(deps, person, { projectId }))!;
  const ids = view.responses.map(({ id }) => id).sort();
  const content = rankingOf(turned ? ids.reverse() : ids);
  const sent = await submitAnnotation(deps, person, { assignmentId: view.assignmentId, idempotencyKey: randomUUID(), content, activeMs });
  return { ...sent, view, content };
}

describe('own numbers', () => {
  it('count tasks, time and pay of the person alone, and say what is in hand', async () => {
    const world = await setUp(4);
    const { deps, db, projectId, ana, ben } = world;
    await db.project.update({
      where: { id: projectId },
      data: { labelingPolicy: { pay: { centsPerTask: 40, currency: 'EUR' }, quota: { daily: 9 } } },
    });
    await rank(world, ana, false, 30_000);
    await rank(world, ben, false, 999_000);
    deps.clock.advance(3 * dayMs);
    await rank(world, ana, false, 90_000);
    await claimTask(deps, ana, { projectId });
    const work = await getOwnWork(deps, ana, { projectId });
    expect(work).toMatchObject({
      held: { kind: 'RANKING', answers: 3, draftSavedAt: null },
      progress: { today: 1, week: 2, total: 2 },
      quota: { daily: 9, total: null },
      time: { todayMs: 90_000, weekMs: 120_000, totalMs: 120_000, medianMs: 60_000 },
      pay: { currency: 'EUR', centsPerTask: 40 },
    });
    expect(work.days).toHaveLength(14);
    expect(work.days.filter(({ done }) => done > 0)).toEqual([
      { date: '2026-03-01', done: 1 },
      { date: '2026-03-04', done: 1 },
    ]);
    await db.membership.update({ where: { projectId_userId: { projectId, userId: ana.userId } }, data: { payCents: 55, dailyQuota: 3 } });
    expect(await getOwnWork(deps, ana, { projectId })).toMatchObject({ pay: { centsPerTask: 55 }, quota: { daily: 3 } });
    await expect(getOwnWork(deps, world.mia, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('tell agreement with others from twenty tasks on, two days late, so that no answer can be read off it', async () => {
    const world = await setUp(20);
    const { deps, projectId, ana, ben } = world;
    for (let task = 0; task < 20; task += 1) {
      await rank(world, ana);
      await rank(world, ben, task < 5);
    }
    expect((await getOwnWork(deps, ana, { projectId })).agreement.others).toEqual({ known: false, tasks: 0, needed: 20 });
    deps.clock.advance(2 * dayMs);
    const { agreement } = await getOwnWork(deps, ana, { projectId });
    expect(agreement.others).toMatchObject({ known: true, tasks: 20, parts: 60, value: 0.75 });
    expect(agreement.gold).toEqual({ known: false, tasks: 0, needed: 20 });
  });

  it('take gold from the checks that stand, and of others only the band of five', async () => {
    const world = await setUp(21);
    const { deps, db, projectId, bare, round, ana } = world;
    const check = async (person: World['ana'], count: number, agreement: number) => {
      for (const taskId of round.taskIds.slice(0, count)) {
        const { id } = await db.annotation.create({
          data: {
            taskId,
            annotatorId: person.userId,
            kind: 'RANKING',
            content: {},
            contentHash: 'x',
            schemaVersion: 1,
            guidelineId: bare.guidelineId,
            formVersionId: bare.formVersionId,
            displayOrder: [],
            idempotencyKey: randomUUID(),
            activeMs: 1,
          },
        });
        const at = deps.clock.now();
        await db.annotationCheck.create({
          data: {
            annotationId: id,
            projectId,
            annotatorId: person.userId,
            taskId,
            purpose: 'GOLD',
            guidelineId: bare.guidelineId,
            agreement,
            compared: 3,
            passed: true,
            at,
          },
        });
      }
    };
    await check(ana, 21, 0.8);
    await db.annotationCheck.updateMany({
      where: { annotatorId: ana.userId, taskId: round.taskIds[0] },
      data: { voidedAt: deps.clock.now() },
    });
    const others = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => createMember(db, projectId, ['ANNOTATOR'], `Other ${name}`)));
    for (const [index, person] of others.entries()) await check(person, index === 4 ? 19 : 20, 0.5 + index / 10);
    deps.clock.advance(2 * dayMs);
    const before = await getOwnWork(deps, ana, { projectId });
    expect(before.agreement.gold).toMatchObject({ known: true, tasks: 20, parts: 60 });
    expect(before.agreement.goldBand).toBeNull();
    const last = others[4]!;
    await db.annotationCheck.deleteMany({ where: { annotatorId: last.userId } });
    await check(last, 20, 0.9);
    deps.clock.advance(2 * dayMs);
    const work = await getOwnWork(deps, ana, { projectId });
    expect(work.agreement.goldBand).toEqual({ low: 0.6, high: 0.8, people: 5 });
    for (const { userId } of others) expect(JSON.stringify(work)).not.toContain(userId);
  });
});

describe('history', () => {
  it('shows the own judgements, what superseded what, and nothing of others, models or checks', async () => {
    const world = await setUp(3);
    const { deps, db, projectId, ana, ben, round } = world;
    const first = await rank(world, ana);
    deps.clock.advance(1000);
    await rank(world, ben, true);
    const second = await rank(world, ana);
    deps.clock.advance(1000);
    const corrected = await correctAnnotation(deps, ana, {
      annotationId: first.annotationId,
      idempotencyKey: randomUUID(),
      content: { ranks: first.content.ranks, aside: [] },
      activeMs: 5000,
    });
    deps.clock.advance(1000);
    await withdrawAnnotation(deps, ana, { annotationId: second.annotationId, idempotencyKey: randomUUID() });
    const { annotations, next } = await listOwnAnnotations(deps, ana, { projectId });
    expect(next).toBeNull();
    expect(
      annotations.map(({ id, later, corrects, may }) => [id, later?.how ?? null, corrects?.id ?? null, may.correct, may.takeBack]),
    ).toEqual([
      [corrected.annotationId, null, first.annotationId, true, true],
      [second.annotationId, 'TAKEN_BACK', null, false, false],
      [first.annotationId, 'CORRECTED', null, false, false],
    ]);
    expect(annotations[0]?.responses.map(({ id }) => id)).toEqual(first.view.responses.map(({ id }) => id));
    const text = JSON.stringify(annotations);
    for (const secret of ['secret-model-name', 'sampling-secret', ben.userId, 'LABELING', '"purpose"']) expect(text).not.toContain(secret);

    expect((await listOwnAnnotations(deps, ana, { projectId, only: 'changed' })).annotations).toHaveLength(3);
    expect((await listOwnAnnotations(deps, ana, { projectId, only: 'flagged' })).annotations).toEqual([]);
    expect((await listOwnAnnotations(deps, ana, { projectId, kind: 'SPAN' })).annotations).toEqual([]);
    await db.round.update({ where: { id: round.roundId }, data: { stage: 'REWARD_TRAINING', status: 'RUNNING' } });
    expect((await listOwnAnnotations(deps, ana, { projectId })).annotations[0]?.may).toEqual({ correct: true, takeBack: false });
    await expect(listOwnAnnotations(deps, world.mia, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('goes on page by page, also where many came in one moment', async () => {
    const world = await setUp(5);
    const { deps, projectId, ana } = world;
    const sent: string[] = [];
    for (let task = 0; task < 5; task += 1) sent.push((await rank(world, ana)).annotationId);
    const seen: string[] = [];
    let after: Parameters<typeof listOwnAnnotations>[2]['after'];
    do {
      const page = await listOwnAnnotations(deps, ana, { projectId, limit: 2, after });
      seen.push(...page.annotations.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after);
    expect([...seen].sort()).toEqual(sent.sort());
  });
});

describe('the guideline', () => {
  it('tells what changed since the person said he read it, and never goes back', async () => {
    const { deps, projectId, ana, mia } = await setUp();
    expect(await guidelineReading(deps, ana, { projectId })).toMatchObject({ newest: 1, read: null, from: null, lines: null, changes: 0 });
    await markGuidelineRead(deps, ana, { projectId, version: 1 });
    await saveGuideline(deps, mia, { projectId, text: 'Best first.\nTies are welcome.', basedOn: 1 });
    await saveGuideline(deps, mia, { projectId, text: 'Best and safest first.\nTies are welcome.', basedOn: 2 });
    const reading = await guidelineReading(deps, ana, { projectId });
    expect(reading).toMatchObject({ shown: { version: 3 }, read: 1, from: 1, changes: 1 });
    expect(reading.lines?.map(({ changed }) => changed)).toEqual([true, true]);
    expect(await guidelineReading(deps, ana, { projectId, version: 2 })).toMatchObject({ shown: { version: 2 }, newest: 3, from: 1 });
    expect(await guidelineReading(deps, ana, { projectId, from: 2 })).toMatchObject({ from: 2, changes: 1 });
    expect(await markGuidelineRead(deps, ana, { projectId, version: 3 })).toEqual({ read: 3 });
    expect(await markGuidelineRead(deps, ana, { projectId, version: 2 })).toEqual({ read: 3 });
    expect(await guidelineReading(deps, ana, { projectId })).toMatchObject({ read: 3, from: null, changes: 0 });
    await expect(markGuidelineRead(deps, ana, { projectId, version: 4 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('preferences', () => {
  it('follow the project until the person sets them, change one by one, and can be given back', async () => {
    const { deps, db, projectId, ana } = await setUp();
    await db.project.update({
      where: { id: projectId },
      data: { labelingPolicy: { blur: 'all', breakMinutes: 40, skip: { reasons: ['OTHER'] } } },
    });
    expect(await getPreferences(deps, ana, { projectId })).toMatchObject({
      ...{ hiddenCategories: [], blur: 'all', breakMinutes: 40 },
      project: { blur: 'all', breakMinutes: 40, skipReasons: ['OTHER'] },
    });
    await savePreferences(deps, ana, { projectId, change: { hiddenCategories: ['violence', 'gore', 'violence'], breakMinutes: null } });
    const set = await savePreferences(deps, ana, { projectId, change: { blur: 'none' } });
    expect(set).toMatchObject({
      hiddenCategories: ['gore', 'violence'],
      blur: 'none',
      breakMinutes: null,
      own: { blur: true, breakMinutes: true },
    });
    const back = await savePreferences(deps, ana, {
      projectId,
      change: { blur: 'project', breakMinutes: 'project', hiddenCategories: [] },
    });
    expect(back).toMatchObject({ hiddenCategories: [], blur: 'all', breakMinutes: 40, own: { blur: false, breakMinutes: false } });
    await expect(savePreferences(deps, ana, { projectId, change: { breakMinutes: 1 } })).rejects.toThrow();
    await expect(savePreferences(deps, ana, { projectId, change: { hiddenCategories: ['cats' as never] } })).rejects.toThrow();
  });
});
