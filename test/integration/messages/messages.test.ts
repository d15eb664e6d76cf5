import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimTask } from '#lib/services/labeling/claim-task';
import { countUnread } from '#lib/services/messages/count-unread';
import { listReports } from '#lib/services/messages/list-reports';
import { listThreads } from '#lib/services/messages/list-threads';
import { readThread } from '#lib/services/messages/read-thread';
import { reportTask } from '#lib/services/messages/report-task';
import { resolveReport } from '#lib/services/messages/resolve-report';
import { satisfactionPolicy } from '#lib/services/messages/satisfaction-due';
import { satisfactionResults } from '#lib/services/messages/satisfaction-results';
import { saveSatisfaction } from '#lib/services/messages/save-satisfaction';
import { sendMessage } from '#lib/services/messages/send-message';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createLabelingRound, createMember, TestClock } from '../../support/labeling';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const hostile = '=HYPERLINK("http://evil.example")\u202e<script>alert(1)</script>';

/** A round of `tasks` that two people label each; Ana, Ben and the lead Mia. */
async function setUp(tasks = 3) {
  const { db } = database;
  const woken: string[] = [];
  const deps = { db, clock: new TestClock(), queues: { wake: async () => void woken.push('wake') } as never };
  const bare = await createBareProject(db);
  const round = await createLabelingRound(db, bare, { tasks, overlap: 2 });
  const { projectId } = bare;
  const [ana, ben, mia] = [
    await createMember(db, projectId, ['ANNOTATOR'], 'Ana'),
    await createMember(db, projectId, ['ANNOTATOR'], 'Ben'),
    await createMember(db, projectId, ['RESEARCHER'], 'Mia'),
  ];
  return { deps, db, bare, projectId, round, ana, ben, mia, woken };
}

describe('messages about a task', () => {
  it('go between its annotator and the lead, are unread until the other side reads, and name nobody to an annotator', async () => {
    const { deps, projectId, ana, mia } = await setUp();
    const { taskId } = (await claimTask(deps, ana, { projectId }))!;
    await sendMessage(deps, ana, { projectId, taskId, text: `  ${hostile}  ` });
    expect(await countUnread(deps, mia, { projectId })).toEqual({ own: 0, project: 1, reports: 0 });
    expect(await countUnread(deps, ana, { projectId })).toEqual({ own: 0, project: 0, reports: 0 });

    const lead = await readThread(deps, mia, { projectId, taskId, annotatorId: ana.userId });
    expect(lead.annotatorName).toBe('Ana');
    expect(lead.messages.map(({ from, mine, text }) => ({ from, mine, text }))).toEqual([
      { from: 'ANNOTATOR', mine: false, text: hostile },
    ]);
    expect((await countUnread(deps, mia, { projectId })).project).toBe(0);

    deps.clock.advance(1000);
    await sendMessage(deps, mia, { projectId, taskId, annotatorId: ana.userId, text: 'Rank it as it is.' });
    expect((await countUnread(deps, ana, { projectId })).own).toBe(1);
    const { threads, next } = await listThreads(deps, ana, { projectId, scope: 'own' });
    expect(next).toBeNull();
    expect(threads).toMatchObject([
      { taskId, annotatorName: null, count: 2, unread: 1, last: { from: 'LEAD', text: 'Rank it as it is.' } },
    ]);
    const own = await readThread(deps, ana, { projectId, taskId });
    expect(own.messages.map(({ from }) => from)).toEqual(['ANNOTATOR', 'LEAD']);
    expect(JSON.stringify([own, threads])).not.toContain('Mia');
    expect((await countUnread(deps, ana, { projectId })).own).toBe(0);
  });

  it('are kept from who was not given the task, from other projects, and from others threads', async () => {
    const { deps, projectId, ana, ben, mia, round } = await setUp();
    const other = await setUp();
    const { taskId } = (await claimTask(deps, ana, { projectId }))!;
    await sendMessage(deps, ana, { projectId, taskId, text: 'mine' });
    const foreign = round.taskIds.find((id) => id !== taskId)!;
    await expect(sendMessage(deps, ana, { projectId, taskId: foreign, text: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(readThread(deps, ben, { projectId, taskId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(readThread(deps, ben, { projectId, taskId, annotatorId: ana.userId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(listThreads(deps, ben, { projectId, scope: 'project' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await listThreads(deps, ben, { projectId, scope: 'own' })).threads).toEqual([]);
    await expect(readThread(deps, other.mia, { projectId: other.projectId, taskId, annotatorId: ana.userId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(sendMessage(deps, mia, { projectId, taskId, annotatorId: ben.userId, text: 'x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(sendMessage(deps, ana, { projectId, taskId, text: ' \n ' })).rejects.toThrow();
    await expect(sendMessage(deps, ana, { projectId, taskId, text: 'x'.repeat(4001) })).rejects.toThrow();
  });

  it('are limited, also when sent at once, and again allowed after ten minutes', async () => {
    const { deps, projectId, ana } = await setUp();
    const { taskId } = (await claimTask(deps, ana, { projectId }))!;
    const sent = await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => sendMessage(deps, ana, { projectId, taskId, text: `${n}` })),
    );
    expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    await expect(sendMessage(deps, ana, { projectId, taskId, text: 'x' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    deps.clock.advance(10 * 60_000 + 1);
    await sendMessage(deps, ana, { projectId, taskId, text: 'x' });
    const { threads } = await listThreads(deps, ana, { projectId, scope: 'own' });
    expect(threads[0]?.count).toBe(21);
  });

  it('are listed page by page, the newest thread first, none twice', async () => {
    const { deps, projectId, ana, mia, round } = await setUp(5);
    for (const taskId of round.taskIds) {
      const slot = await deps.db.slot.findFirstOrThrow({ where: { taskId } });
      await deps.db.assignment.create({
        data: { slotId: slot.id, taskId, annotatorId: ana.userId, displayOrder: [], expiresAt: deps.clock.now() },
      });
      await sendMessage(deps, ana, { projectId, taskId, text: taskId });
      if (taskId !== round.taskIds[1]) deps.clock.advance(1000);
    }
    const seen: string[] = [];
    let after: Parameters<typeof listThreads>[2]['after'];
    do {
      const page = await listThreads(deps, mia, { projectId, scope: 'project', limit: 2, after });
      seen.push(...page.threads.map(({ taskId }) => taskId));
      after = page.next ?? undefined;
    } while (after);
    expect(new Set(seen)).toEqual(new Set(round.taskIds));
    expect(seen).toHaveLength(5);
    expect(seen[0]).toBe(round.taskIds[4]);
  });
});

describe('reports of a broken task', () => {
  it('wait for the lead; cancelling settles all of them, closes the task for good and answers each who reported it', async () => {
    const { deps, db, projectId, ana, ben, mia, woken } = await setUp(1);
    const mine = (await claimTask(deps, ana, { projectId }))!;
    const bens = (await claimTask(deps, ben, { projectId }))!;
    const first = await reportTask(deps, ana, { assignmentId: mine.assignmentId, category: 'BROKEN_TEXT' });
    expect(await reportTask(deps, ana, { assignmentId: mine.assignmentId, category: 'EMPTY', text: hostile })).toEqual(first);
    deps.clock.advance(1000);
    await reportTask(deps, ben, { assignmentId: bens.assignmentId, category: 'HARMFUL' });
    const { reports } = await listReports(deps, mia, { projectId });
    expect(reports.map(({ reporterName, category, text, task }) => [reporterName, category, text, task.openReports])).toEqual([
      ['Ana', 'EMPTY', hostile, 2],
      ['Ben', 'HARMFUL', '', 2],
    ]);
    expect(reports[0]?.task.responses).toHaveLength(3);

    expect(await resolveReport(deps, mia, { reportId: first.reportId, decision: 'CANCEL_TASK', answer: 'Thank you.' })).toEqual({
      resolved: 2,
    });
    expect(woken).toEqual(['wake']);
    expect(await db.task.findFirstOrThrow({ where: { projectId }, include: { slots: true } })).toMatchObject({
      status: 'CANCELLED',
      slots: [{ state: 'CANCELLED' }, { state: 'CANCELLED' }],
    });
    // The only task of the round was cancelled: nothing is waited for any more.
    expect(await db.outbox.count({ where: { kind: 'advance-round' } })).toBe(1);
    for (const person of [ana, ben]) {
      expect((await readThread(deps, person, { projectId, taskId: mine.taskId })).messages).toMatchObject([
        { from: 'LEAD', text: 'Thank you.' },
      ]);
    }
    await expect(resolveReport(deps, mia, { reportId: first.reportId, decision: 'KEEP' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await listReports(deps, mia, { projectId })).reports).toEqual([]);
    expect((await listReports(deps, mia, { projectId, state: 'resolved' })).reports).toHaveLength(2);
  });

  it('keep the task where the lead says so, and are no business of annotators', async () => {
    const { deps, db, projectId, ana, ben, mia } = await setUp(1);
    const { assignmentId } = (await claimTask(deps, ana, { projectId }))!;
    await expect(reportTask(deps, ben, { assignmentId, category: 'EMPTY' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(reportTask(deps, ana, { assignmentId, category: 'OTHER' })).rejects.toThrow('in a few words');
    const { reportId } = await reportTask(deps, ana, { assignmentId, category: 'OTHER', text: 'two questions in one' });
    await expect(listReports(deps, ana, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(resolveReport(deps, ana, { reportId, decision: 'KEEP' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await resolveReport(deps, mia, { reportId, decision: 'KEEP' })).toEqual({ resolved: 1 });
    expect(await db.task.count({ where: { projectId, status: 'OPEN' } })).toBe(1);
  });
});

describe('the question how the work is', () => {
  it('is asked after enough tasks and once in a period; its results are counts, in whole fives, from five people on', async () => {
    const { deps, db, bare, projectId, mia } = await setUp(1);
    const { taskIds } = await createLabelingRound(db, bare, { tasks: satisfactionPolicy.afterTasks, overlap: 1 });
    const slots = await db.slot.findMany({ where: { taskId: { in: taskIds } } });
    const person = async (answer: number) => {
      deps.clock.advance(1000);
      const actor = await createMember(db, projectId);
      await expect(saveSatisfaction(deps, actor, { projectId, answers: { CLEAR_GUIDELINE: answer } })).rejects.toMatchObject({
        code: 'PRECONDITION',
      });
      await db.assignment.createMany({
        data: slots.map(({ id, taskId }) => ({
          slotId: id,
          taskId,
          annotatorId: actor.userId,
          displayOrder: [],
          expiresAt: deps.clock.now(),
          submittedAt: deps.clock.now(),
        })),
      });
      await saveSatisfaction(deps, actor, { projectId, answers: { CLEAR_GUIDELINE: answer }, text: `z${answer}` });
      return actor;
    };
    const ana = await person(1);
    await expect(saveSatisfaction(deps, ana, { projectId, answers: { FAIR_PAY: 5 } })).rejects.toMatchObject({ code: 'PRECONDITION' });
    for (const answer of [4, 4, 5]) await person(answer);
    expect(await satisfactionResults(deps, mia, { projectId })).toMatchObject({ people: 4, questions: null, texts: [] });
    await person(2);
    const results = await satisfactionResults(deps, mia, { projectId });
    expect(results.questions?.find(({ question }) => question === 'CLEAR_GUIDELINE')).toEqual({
      question: 'CLEAR_GUIDELINE',
      counts: [1, 1, 0, 2, 1],
      n: 5,
    });
    expect(results.texts).toEqual(['z1', 'z2', 'z4', 'z4', 'z5']);
    await person(3);
    // The sixth is not counted before the tenth: nobody reads one person's answer off two looks.
    expect((await satisfactionResults(deps, mia, { projectId })).questions).toEqual(results.questions);
    deps.clock.advance((satisfactionPolicy.everyDays + 1) * 24 * 3600_000);
    await saveSatisfaction(deps, ana, { projectId, answers: {} });
    await expect(satisfactionResults(deps, ana, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
