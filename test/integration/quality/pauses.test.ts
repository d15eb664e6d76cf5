import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { listPeople } from '#lib/services/people/list-people';
import { fileAppeal } from '#lib/services/quality/file-appeal';
import { getOwnStanding } from '#lib/services/quality/get-own-standing';
import { listAppeals } from '#lib/services/quality/list-appeals';
import { promoteGold } from '#lib/services/quality/promote-gold';
import { resumeMember } from '#lib/services/quality/resume-member';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createLabelingRound, rankingOf } from '../../support/labeling';
import { answersOf, claim, createQualityWorld, send } from './quality-world';

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

describe('the sequential test', () => {
  it('pauses as soon as the numbers speak against a person, and begins anew after resuming', async () => {
    const at = await world({ gold: { share: 1, maxExposures: 9 }, sprt: { minChecks: 3 } }, 1);
    const { projectId } = at;
    for (let index = 0; index < 6; index += 1) {
      const { taskIds, roundId } = await createLabelingRound(database.db, at.project, { tasks: 1 });
      await database.db.round.update({ where: { id: roundId }, data: { status: 'DONE' } });
      await promoteGold(at.deps, at.lead, {
        taskId: taskIds[0] as string,
        content: rankingOf(await answersOf(database.db, taskIds[0] as string)),
      });
    }
    let view = await claim(at, at.annotator);
    const lefts: boolean[] = [];
    for (let step = 0; step < 5; step += 1) {
      const { next } = await send(at, at.annotator, view, step === 0);
      lefts.push(next !== null);
      if (!next) break;
      view = next;
    }
    // log(.05 / .95) = -2.94; each miss adds log(.15 / .4) = -.9808: the fourth decides, three give -2.9425, just not
    expect(lefts).toEqual([true, true, true, true, false]);
    const standing = await getOwnStanding(at.deps, at.annotator, { projectId });
    expect(standing.paused?.reason).toEqual({ rule: 'checks', passed: 0, checked: 4 });
    const [event] = await database.db.membershipEvent.findMany({ where: { projectId, kind: 'paused' } });
    expect(event).toMatchObject({ byRule: true, data: { rule: 'checks', passed: 0, checked: 4 } });
    await resumeMember(at.deps, at.lead, { projectId, userId: at.annotator.userId });
    at.clock.advance(1000);
    const { next } = await send(at, at.annotator, await claim(at, at.annotator), false);
    expect(next).not.toBeNull();
  });
});

describe('answers too fast to be read', () => {
  it('are counted, warned of, and pause where the project says so; resuming counts anew', async () => {
    const at = await world({ dwell: { warnAt: 2, pauseAt: 3 } }, 5);
    let view = await claim(at, at.annotator);
    const { projectId } = at;
    for (let step = 0; step < 3; step += 1) view = (await send(at, at.annotator, view, true, 500)).next ?? view;
    const standing = await getOwnStanding(at.deps, at.annotator, { projectId });
    expect(standing.warning?.reason).toEqual({ rule: 'dwell', count: 2, withinHours: 24, pauseAt: 3 });
    expect(standing.paused).toMatchObject({ byRule: true, reason: { rule: 'dwell', count: 3, withinHours: 24, pauseAt: 3 } });
    const { people } = await listPeople(at.deps, at.lead, { projectId });
    expect(people.find(({ userId }) => userId === at.annotator.userId)?.paused).toEqual(standing.paused);
    await fileAppeal(at.deps, at.annotator, { projectId, subject: 'PAUSE', text: 'I read fast.' });
    expect(await listAppeals(at.deps, at.lead, { projectId })).toMatchObject([{ against: standing.paused?.reason }]);
    expect(await database.db.annotation.count({ where: { annotatorId: at.annotator.userId } })).toBe(3);
    await resumeMember(at.deps, at.lead, { projectId, userId: at.annotator.userId, reason: 'Talked about it.' });
    view = await claim(at, at.annotator);
    await send(at, at.annotator, view, true, 500);
    expect((await getOwnStanding(at.deps, at.annotator, { projectId })).paused).toBeNull();
    const kinds = await database.db.membershipEvent.findMany({
      where: { projectId },
      orderBy: { at: 'asc' },
      select: { kind: true, byRule: true },
    });
    expect(kinds.map(({ kind }) => kind)).toEqual([
      'too-fast',
      'too-fast',
      'warned',
      'too-fast',
      'paused',
      'appeal-filed',
      'resumed',
      'too-fast',
    ]);
  });
});
