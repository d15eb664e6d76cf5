import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultForm } from '#lib/domain/forms';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { decideAppeal } from '#lib/services/quality/decide-appeal';
import { fileAppeal } from '#lib/services/quality/file-appeal';
import { getOwnStanding } from '#lib/services/quality/get-own-standing';
import { getQualificationTest } from '#lib/services/quality/get-qualification-test';
import { listAttempts } from '#lib/services/quality/list-attempts';
import { promoteGold } from '#lib/services/quality/promote-gold';
import { rateAttempt } from '#lib/services/quality/rate-attempt';
import { saveQualificationTest } from '#lib/services/quality/save-qualification-test';
import { startQualification } from '#lib/services/quality/start-qualification';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createMember, rankingOf } from '../../support/labeling';
import { answersOf, claim, createQualityWorld, hour, type QualityWorld, send } from './quality-world';

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

/** A task to write an answer, made of a ranking task's prompt. */
async function demonstrationTask({ deps, projectId, closedTaskId, project }: QualityWorld): Promise<string> {
  const { promptId } = await deps.db.task.findUniqueOrThrow({ where: { id: closedTaskId } });
  const spec = defaultForm('DEMONSTRATION');
  const form = await deps.db.formVersion.create({
    data: { projectId, version: 1, kind: 'DEMONSTRATION', spec: JSON.parse(JSON.stringify(spec)), contentHash: randomUUID() },
  });
  const { guidelineId } = project;
  const data = {
    projectId,
    promptId,
    kind: 'DEMONSTRATION',
    purpose: 'LABELING',
    guidelineId,
    formVersionId: form.id,
    status: 'DONE',
  } as const;
  return (await deps.db.task.create({ data })).id;
}

/** A test of two rankings and a demonstration, required before work. */
async function withTest(): Promise<QualityWorld> {
  const at = await createQualityWorld({ db: database.db, queues }, { qualification: { required: true } }, 3);
  const ids: string[] = [];
  for (const source of at.taskIds.slice(0, 2)) {
    const content = rankingOf(await answersOf(database.db, source));
    ids.push((await promoteGold(at.deps, at.lead, { taskId: source, purpose: 'QUALIFICATION', content })).taskId);
  }
  ids.push((await promoteGold(at.deps, at.lead, { taskId: await demonstrationTask(at), purpose: 'QUALIFICATION' })).taskId);
  await saveQualificationTest(at.deps, at.lead, {
    projectId: at.projectId,
    spec: { topics: [{ key: 'medicine', label: 'Medicine' }] },
    taskIds: ids,
  });
  return at;
}

async function takeTest(at: QualityWorld, right: readonly boolean[]) {
  await startQualification(at.deps, at.annotator, { projectId: at.projectId, topics: { medicine: 3, other: 1 } });
  for (const each of right) {
    const view = await claim(at, at.annotator);
    expect(view).toMatchObject({ mode: 'qualification', kind: 'RANKING' });
    await send(at, at.annotator, view, each);
  }
  const view = await claim(at, at.annotator);
  expect(view.kind).toBe('DEMONSTRATION');
  await submitAnnotation(at.deps, at.annotator, {
    assignmentId: view.assignmentId,
    idempotencyKey: randomUUID(),
    content: { text: 'I would look for a second source before I believe it.' },
    activeMs: 60_000,
  });
}

const attemptOf = async (at: QualityWorld) =>
  (await getOwnStanding(at.deps, at.annotator, { projectId: at.projectId })).qualification.attempts[0];

describe('the qualification', () => {
  it('stands before work, waits for the rating, and opens the work when it is passed', async () => {
    const at = await withTest();
    const { projectId } = at;
    await expect(claim(at, at.annotator)).rejects.toMatchObject({ code: 'PRECONDITION', details: { need: 'qualification' } });
    await takeTest(at, [true, true]);
    await expect(claim(at, at.annotator)).rejects.toMatchObject({ code: 'PRECONDITION' });
    await expect(startQualification(at.deps, at.annotator, { projectId })).rejects.toThrow(/has not read your answers yet/);
    const [waiting] = await listAttempts(at.deps, at.lead, { projectId });
    expect(waiting).toMatchObject({
      state: 'WAITING',
      written: [{ question: 'Question 3', text: expect.stringContaining('second source'), rating: null }],
    });
    expect(JSON.stringify(waiting)).not.toContain('Ana Lopez');
    const ratings = { [waiting?.written[0]?.taskId as string]: 6 };
    await expect(rateAttempt(at.deps, at.annotator, { attemptId: waiting?.attemptId as string, ratings })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await rateAttempt(at.deps, at.lead, { attemptId: waiting?.attemptId as string, ratings })).toEqual({ state: 'PASSED' });
    expect(await attemptOf(at)).toMatchObject({
      state: 'PASSED',
      scores: { flags: null, rankings: { value: 1, n: 6, cutoff: 0.75, reached: true }, demonstrations: { value: 6, n: 1, reached: true } },
    });
    expect(await database.db.qualificationAttempt.findFirstOrThrow({ where: { projectId } })).toMatchObject({ topics: { medicine: 3 } });
    expect((await claim(at, at.annotator)).mode).toBe('work');
    expect((await getQualificationTest(at.deps, at.lead, { projectId })).attempts).toEqual({
      running: 0,
      waiting: 0,
      passed: 1,
      failed: 0,
    });
  });

  it('fails with the numbers, opens again later, so often and no oftener, and an appeal can pass it', async () => {
    const at = await withTest();
    const { projectId } = at;
    await takeTest(at, [true, false]);
    const failed = await attemptOf(at);
    expect(failed).toMatchObject({
      state: 'FAILED',
      scores: { rankings: { value: 0.5, n: 6, reached: false } },
      reason: { rule: 'test', missed: [{ part: 'rankings', value: 0.5, n: 6, cutoff: 0.75 }] },
    });
    await expect(startQualification(at.deps, at.annotator, { projectId })).rejects.toThrow(/not open yet/);
    at.clock.advance(25 * hour);
    await takeTest(at, [false, false]);
    at.clock.advance(25 * hour);
    await expect(startQualification(at.deps, at.annotator, { projectId })).rejects.toThrow(/All 2 attempts are used up/);
    const subjectId = (await attemptOf(at))?.attemptId as string;
    const { appealId } = await fileAppeal(at.deps, at.annotator, {
      projectId,
      subject: 'QUALIFICATION',
      subjectId,
      text: 'The answer is wrong.',
    });
    await decideAppeal(at.deps, at.lead, { appealId, uphold: true, answer: 'It was.' });
    expect((await claim(at, at.annotator)).mode).toBe('work');
  });

  it('is made only of tasks that were made for it', async () => {
    const at = await createQualityWorld({ db: database.db, queues });
    const input = { projectId: at.projectId, spec: {}, taskIds: [at.taskIds[0] as string] };
    await expect(saveQualificationTest(at.deps, at.lead, input)).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(saveQualificationTest(at.deps, at.annotator, input)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('training', () => {
  it('comes before work, tells the right answer at once, and ends with the last task', async () => {
    const at = await createQualityWorld({ db: database.db, queues }, { training: { required: true } }, 3);
    for (const source of at.taskIds.slice(0, 2)) {
      const content = rankingOf(await answersOf(database.db, source));
      await promoteGold(at.deps, at.lead, { taskId: source, purpose: 'TRAINING', content, explanation: 'Read the first one again.' });
    }
    const view = await claim(at, at.annotator);
    expect(view.mode).toBe('training');
    expect(JSON.stringify(view)).not.toContain('Read the first');
    const first = await send(at, at.annotator, view, false);
    expect(first.feedback).toEqual({
      answer: { aside: [], ranks: Object.fromEntries((await answersOf(database.db, view.taskId)).map((id, index) => [id, index + 1])) },
      explanation: 'Read the first one again.',
      agreement: 0,
      done: 1,
      of: 2,
      trained: false,
    });
    expect(first.next?.mode).toBe('training');
    const second = await send(at, at.annotator, first.next as NonNullable<typeof first.next>, true);
    expect(second.feedback).toMatchObject({ agreement: 1, done: 2, trained: true });
    expect(second.next?.mode).toBe('work');
    const other = await createMember(database.db, at.projectId);
    expect((await claim(at, other)).mode).toBe('training');
  });
});
