import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { withdrawAnnotation } from '#lib/services/labeling/withdraw-annotation';
import { decideAppeal } from '#lib/services/quality/decide-appeal';
import { fileAppeal } from '#lib/services/quality/file-appeal';
import { getOwnStanding } from '#lib/services/quality/get-own-standing';
import { injectCheck } from '#lib/services/quality/inject-check';
import { listAppeals } from '#lib/services/quality/list-appeals';
import { listGold } from '#lib/services/quality/list-gold';
import { pauseMember } from '#lib/services/quality/pause-member';
import { promoteGold } from '#lib/services/quality/promote-gold';
import { retireGold } from '#lib/services/quality/retire-gold';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createMember, rankingOf } from '../../support/labeling';
import { answersOf, claim, createQualityWorld, hour, type QualityWorld, send, setPolicy } from './quality-world';

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

const world = (policy: object = {}, tasks = 4) => createQualityWorld({ db: database.db, queues }, policy, tasks);

/** The closed task as gold, its answers in the order of their making from best to worst. */
async function withGold(policy: object = {}, tasks = 3): Promise<QualityWorld & { goldId: string }> {
  const made = await world(policy, tasks);
  const source = made.closedTaskId;
  const content = rankingOf(await answersOf(database.db, source));
  const { taskId } = await promoteGold(made.deps, made.lead, { taskId: source, content, explanation: 'The first answers the question.' });
  return { ...made, goldId: taskId };
}

const policy = parseQualityPolicy({});

const purposeOf = async (taskId: string) => (await database.db.task.findUniqueOrThrow({ where: { id: taskId } })).purpose;

describe('gold', () => {
  it('is never the first task, is given once, looks like work, and is checked', async () => {
    const at = await withGold();
    await setPolicy(at, { gold: { share: 1 } });
    const seen: { purpose: string; keys: string }[] = [];
    let view = await claim(at, at.annotator);
    for (let step = 0; step < 4; step += 1) {
      seen.push({ purpose: await purposeOf(view.taskId), keys: Object.keys(view).sort().join() });
      if (view.taskId === at.goldId) expect(view.mode).toBe('work');
      const { next } = await send(at, at.annotator, view, false);
      if (!next) break;
      view = next;
    }
    expect(seen[0]?.purpose).toBe('LABELING');
    expect(seen.filter(({ purpose }) => purpose === 'GOLD')).toHaveLength(1);
    expect(new Set(seen.map(({ keys }) => keys)).size).toBe(1);
    expect(seen[1]?.purpose).toBe('GOLD');
    const [check] = await database.db.annotationCheck.findMany({ where: { annotatorId: at.annotator.userId } });
    expect(check).toMatchObject({ taskId: at.goldId, purpose: 'GOLD', agreement: 0, compared: 3, passed: false, againstId: null });
  });

  it('is not given to whoever knows the task: as annotator, reviewer, author, or by having decided the answer', async () => {
    const at = await world({ gold: { share: 1 } }, 3);
    const [first, ...rest] = at.taskIds as [string, ...string[]];
    const known = [first, ...rest];
    const reviewer = await createMember(database.db, at.projectId);
    for (const taskId of known) {
      await promoteGold(at.deps, at.lead, { taskId, content: rankingOf(await answersOf(database.db, taskId)) });
      await database.db.review.create({ data: { projectId: at.projectId, taskId, reviewerId: reviewer.userId, judgement: {} } });
    }
    // The annotator has judged one source when the first check is due: it is another one's copy that comes.
    const view = await claim(at, at.annotator);
    const { next } = await send(at, at.annotator, view, true);
    const gold = await database.db.task.findUniqueOrThrow({ where: { id: next?.taskId as string } });
    expect(gold.purpose).toBe('GOLD');
    expect(gold.sourceTaskId).not.toBe(view.taskId);
    const given = async (userId: string) =>
      database.db.$transaction((tx) =>
        injectCheck(
          tx,
          { userId, projectId: at.projectId, lastWork: 'any', now: at.clock.now() },
          { gold: { ...policy.gold, share: 1 }, repeats: { ...policy.repeats, share: 0 } },
        ),
      );
    expect(await given(reviewer.userId)).toBeNull();
    await database.db.task.updateMany({ where: { projectId: at.projectId, purpose: 'GOLD' }, data: { authorIds: [at.annotator.userId] } });
    await send(at, at.annotator, next as NonNullable<typeof next>, true);
    expect(await given(at.annotator.userId)).toBeNull();
  });

  it('is left alone after so many exposures, and once retired', async () => {
    const at = await withGold();
    await setPolicy(at, { gold: { share: 1, maxExposures: 1 } });
    const work = async (name: string) => {
      const person = await createMember(database.db, at.projectId, ['ANNOTATOR'], name);
      let view = await claim(at, person);
      for (let step = 0; step < 2; step += 1) {
        const { next } = await send(at, person, view, true);
        if (!next) break;
        view = next;
      }
    };
    await work('First');
    await work('Second');
    const [gold] = await listGold(at.deps, at.lead, { projectId: at.projectId });
    expect(gold).toMatchObject({
      taskId: at.goldId,
      exposures: 1,
      maxExposures: 1,
      passed: { defined: true, value: 1, n: 1 },
      question: 'Question 3',
    });
    await setPolicy(at, { gold: { share: 1, maxExposures: 9 } });
    await retireGold(at.deps, at.lead, { taskId: at.goldId });
    await work('Third');
    expect((await listGold(at.deps, at.lead, { projectId: at.projectId }))[0]?.exposures).toBe(1);
    await expect(listGold(at.deps, at.annotator, { projectId: at.projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('takes the decision of a review, and refuses where nobody decided', async () => {
    const at = await world();
    const taskId = at.taskIds[1] as string;
    await expect(promoteGold(at.deps, at.lead, { taskId })).rejects.toMatchObject({ code: 'PRECONDITION' });
    const decision = rankingOf((await answersOf(database.db, taskId)).toReversed());
    await database.db.review.create({
      data: {
        projectId: at.projectId,
        taskId,
        reviewerId: at.lead.userId,
        judgement: {},
        decision: { ...decision, ranks: { ...decision.ranks }, aside: [] },
        decidedAt: at.clock.now(),
      },
    });
    const { taskId: goldId } = await promoteGold(at.deps, at.lead, { taskId });
    expect((await database.db.goldAnswer.findUniqueOrThrow({ where: { taskId: goldId } })).content).toEqual(decision);
    await expect(promoteGold(at.deps, at.lead, { taskId })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(promoteGold(at.deps, at.annotator, { taskId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

/** Hands the gold to the annotator as the claim does, right after one task of work. */
async function gold(at: QualityWorld & { goldId: string }) {
  await setPolicy(at, { gold: { share: 1 } });
  let view = await claim(at, at.annotator);
  for (let step = 0; step < 3 && view.taskId !== at.goldId; step += 1) {
    const { next } = await send(at, at.annotator, view, true);
    if (!next) throw new Error('the gold never came');
    view = next;
  }
  return view;
}

describe('a corrected or withdrawn answer to a check', () => {
  it('takes the place of the first until the result is shown, and not after', async () => {
    const at = await withGold();
    const sent = await send(at, at.annotator, await gold(at), false);
    const ids = await answersOf(database.db, at.goldId);
    const correct = (annotationId: string, order: string[], key: string) =>
      correctAnnotation(at.deps, at.annotator, { annotationId, idempotencyKey: key, content: rankingOf(order), activeMs: 9000 });
    const corrected = await correct(sent.annotationId, ids, 'correct-1');
    const live = () => database.db.annotationCheck.findMany({ where: { taskId: at.goldId, voidedAt: null } });
    expect(await live()).toMatchObject([{ annotationId: corrected.annotationId, agreement: 1, passed: true }]);
    expect(await database.db.annotationCheck.count({ where: { taskId: at.goldId } })).toBe(2);

    const reopened = await withdrawAnnotation(at.deps, at.annotator, {
      annotationId: corrected.annotationId,
      idempotencyKey: 'withdraw-1',
    });
    expect(await live()).toMatchObject([{ annotationId: corrected.annotationId }]);
    const again = await send(at, at.annotator, reopened as NonNullable<typeof reopened>, false);
    expect(await live()).toMatchObject([{ annotationId: again.annotationId, agreement: 0 }]);

    at.clock.advance(25 * hour);
    await correct(again.annotationId, ids, 'correct-2');
    expect(await live()).toMatchObject([{ annotationId: again.annotationId, agreement: 0 }]);
  });
});

describe('hidden repeats', () => {
  it('come from the own earlier work, later, once, in another order, and are held against it', async () => {
    const at = await world({ repeats: { share: 1, afterHours: 1, afterTasks: 1 } }, 6);
    let view = await claim(at, at.annotator);
    const repeats: { taskId: string; shown: readonly string[] }[] = [];
    for (let step = 0; step < 8; step += 1) {
      if ((await purposeOf(view.taskId)) === 'REPEAT') repeats.push({ taskId: view.taskId, shown: view.responses.map(({ id }) => id) });
      at.clock.advance(hour / 2);
      const { next } = await send(at, at.annotator, view, repeats.length !== 1);
      if (!next) break;
      view = next;
    }
    expect(repeats.length).toBeGreaterThan(1);
    const checks = await database.db.annotationCheck.findMany({ where: { annotatorId: at.annotator.userId }, orderBy: { at: 'asc' } });
    expect(checks.map(({ purpose }) => purpose)).toEqual(repeats.map(() => 'REPEAT'));
    const [first] = checks;
    expect(first).toMatchObject({ agreement: 0, passed: false });
    expect(checks.slice(1).some(({ agreement }) => agreement === 1)).toBe(true);
    const tasks = await database.db.task.findMany({ where: { id: { in: repeats.map(({ taskId }) => taskId) } } });
    expect(new Set(tasks.map(({ sourceTaskId }) => sourceTaskId)).size).toBe(repeats.length);
    expect(tasks.every(({ onlyUserId, roundId }) => onlyUserId === at.annotator.userId && roundId === null)).toBe(true);
    const source = await database.db.annotation.findUniqueOrThrow({ where: { id: first?.againstId as string } });
    expect(source).toMatchObject({ annotatorId: at.annotator.userId, taskId: tasks.find(({ id }) => id === first?.taskId)?.sourceTaskId });
    // nobody else is ever given it
    const other = await createMember(database.db, at.projectId);
    expect(tasks.map(({ id }) => id)).not.toContain((await claim(at, other)).taskId);
  });
});

describe('a pause by a person, and the appeal', () => {
  it('keeps what is in hand, gives nothing new, and ends when the appeal is upheld', async () => {
    const at = await world({}, 6);
    const { projectId } = at;
    const view = await claim(at, at.annotator);
    const pause = { projectId, userId: at.annotator.userId, reason: 'Please read section 2 again.' };
    await expect(pauseMember(at.deps, at.annotator, pause)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await pauseMember(at.deps, at.lead, pause)).toEqual({ paused: true });
    expect(await pauseMember(at.deps, at.lead, { ...pause, reason: 'Another.' })).toEqual({ paused: false });
    const sent = await send(at, at.annotator, view, true);
    expect(sent.next).toBeNull();
    await expect(claim(at, at.annotator)).rejects.toMatchObject({ code: 'PRECONDITION' });
    expect((await getOwnStanding(at.deps, at.annotator, { projectId })).paused).toMatchObject({
      reason: { rule: 'words', text: 'Please read section 2 again.' },
      byRule: false,
    });

    const { appealId } = await fileAppeal(at.deps, at.annotator, { projectId, subject: 'PAUSE', text: 'I read it.' });
    await expect(fileAppeal(at.deps, at.annotator, { projectId, subject: 'PAUSE', text: 'Again.' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await listAppeals(at.deps, at.lead, { projectId })).toMatchObject([
      { appealId, text: 'I read it.', against: { rule: 'words', text: 'Please read section 2 again.' }, status: 'OPEN' },
    ]);
    await expect(decideAppeal(at.deps, at.annotator, { appealId, uphold: true, answer: 'Yes.' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await decideAppeal(at.deps, at.lead, { appealId, uphold: true, answer: 'Welcome back.' });
    const standing = await getOwnStanding(at.deps, at.annotator, { projectId });
    expect(standing.paused).toBeNull();
    expect(standing.appeals).toMatchObject([{ status: 'UPHELD', answer: 'Welcome back.' }]);
    expect((await claim(at, at.annotator)).taskId).toBeTruthy();
    await expect(decideAppeal(at.deps, at.lead, { appealId, uphold: false, answer: 'No.' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('takes a check out of the numbers where the gold was wrong, and leaves it where not', async () => {
    const at = await withGold();
    const { projectId } = at;
    const { annotationId } = await send(at, at.annotator, await gold(at), false);
    const appeal = { projectId, subject: 'GOLD' as const, subjectId: annotationId, text: 'The second is better.' };
    // not shown yet, so there is nothing to appeal against
    await expect(fileAppeal(at.deps, at.annotator, appeal)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await getOwnStanding(at.deps, at.annotator, { projectId })).results).toEqual([]);
    at.clock.advance(25 * hour);
    expect((await getOwnStanding(at.deps, at.annotator, { projectId })).results).toMatchObject([
      { annotationId, agreement: 0, passed: false, explanation: 'The first answers the question.' },
    ]);
    const other = await createMember(database.db, projectId);
    await expect(fileAppeal(at.deps, other, appeal)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { appealId } = await fileAppeal(at.deps, at.annotator, appeal);
    await decideAppeal(at.deps, at.lead, { appealId, uphold: true, answer: 'You are right.' });
    expect(await database.db.annotationCheck.findUniqueOrThrow({ where: { annotationId } })).toMatchObject({ voidedAt: at.clock.now() });
    expect((await getOwnStanding(at.deps, at.annotator, { projectId })).results).toEqual([]);
  });
});
