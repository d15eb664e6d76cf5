import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskKind } from '#lib/domain/forms';
import { claimTask } from '#lib/services/labeling/claim-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { cancelTasks } from '#lib/services/tasks/cancel-tasks';
import { type ExportedAnnotation, exportAnnotations } from '#lib/services/tasks/export-annotations';
import { importTasks } from '#lib/services/tasks/import-tasks';
import { listTaskCounts } from '#lib/services/tasks/list-task-counts';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createMember, TestClock } from '../../support/labeling';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function setUp() {
  const project = await createBareProject(database.db);
  const { projectId } = project;
  const researcher = await createMember(database.db, projectId, ['RESEARCHER', 'ANNOTATOR']);
  const annotator = await createMember(database.db, projectId, ['ANNOTATOR']);
  const queues = { wake: async () => undefined } as never;
  const deps = { db: database.db, clock: new TestClock(), queues };
  const take = (rows: readonly unknown[], name: string = randomUUID(), kind: TaskKind = 'RANKING') =>
    importTasks(deps, researcher, { projectId, name, kind, bytes: encode(rows) });
  return { ...project, researcher, annotator, deps, take };
}

const encode = (rows: readonly unknown[]) =>
  new TextEncoder().encode(rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));

const two = [{ text: 'Yes 🙂.' }, { text: 'No.' }];

/** One answer to a task of each kind, by the ids of its responses. */
const answers: Partial<Record<TaskKind, (ids: readonly string[]) => unknown>> = {
  RANKING: ([a = '', b = '']) => ({ ranks: { [a]: 1, [b]: 1 } }),
  PAIRWISE: ([a = '', b = '']) => ({ ranks: { [a]: 1, [b]: 2 }, strength: 2 }),
  RATING: ([a = '']) => ({ ratings: { [a]: { overall: 7, helpfulness: 1, truthfulness: 3, harmlessness: 4 } } }),
  DEMONSTRATION: () => ({ text: 'An answer.' }),
  CORRECTION: ([a = '']) => ({ correction: { responseId: a, text: 'Yes 🙂!' } }),
  FLAGS: ([a = '']) => ({ flags: { [a]: ['opinion'] } }),
  SPAN: ([a = '']) => ({ spans: { [a]: [{ start: 4, end: 5, text: '🙂', category: 'language', severity: 'minor' }] } }),
};

describe('importing tasks', () => {
  it('takes every kind, and each is claimed, answered and exported', async () => {
    const { take, deps, annotator, researcher, projectId, modelId } = await setUp();
    const second = await database.db.modelVersion.create({
      data: {
        projectId,
        name: 'zeta-two',
        kind: 'POLICY',
        family: 'llama',
        parameterCount: 1,
        contextLength: 8,
        vocabularySize: 8,
        files: {},
        weightsHash: 'v',
        card: {},
      },
    });
    const row = (kind: TaskKind, count: number, more: object = {}) => ({
      prompt: `Do ${kind}?`,
      kind,
      key: kind,
      responses: two.slice(0, count),
      ...more,
    });
    const taken = await take([
      row('RANKING', 2),
      row('PAIRWISE', 2, {
        responses: [
          { text: 'a', model: 'secret-model-name' },
          { text: 'b', model: 'unknown-model' },
        ],
      }),
      row('RATING', 1),
      row('DEMONSTRATION', 0, { spec: { suggestions: ['Try this.'], models: ['zeta-two'] } }),
      row('CORRECTION', 1),
      row('FLAGS', 1, { contentFlags: ['violence'] }),
      row('SPAN', 1),
      row('CHAT', 0, { spec: { models: ['secret-model-name', 'zeta-two'], maxTurns: 2 } }),
    ]);
    expect(taken).toMatchObject({ tasks: 8, slots: 8, prompts: 8, checks: 0, known: 0, rejected: 0, faults: [] });
    expect(taken.kinds).toEqual({ RANKING: 1, PAIRWISE: 1, RATING: 1, DEMONSTRATION: 1, CORRECTION: 1, FLAGS: 1, SPAN: 1, CHAT: 1 });

    const seen: string[] = [];
    for (let view = await claimTask(deps, annotator, { projectId }); view; view = await claimTask(deps, annotator, { projectId })) {
      seen.push(view.kind);
      const { mode, contentFlags, form, spec, responses } = view;
      expect([mode, form.spec.kind, form.version]).toEqual(['work', view.kind, 1]);
      expect(contentFlags).toEqual(view.kind === 'FLAGS' ? ['violence'] : []);
      const expected = { DEMONSTRATION: { suggestions: 4 }, CORRECTION: { responseId: responses[0]?.id }, CHAT: { maxTurns: 2 } } as const;
      expect(spec).toEqual((expected as Record<string, unknown>)[view.kind] ?? {});
      expect(JSON.stringify(view)).not.toMatch(/secret-model|unknown-model|zeta-two|Try this|modelIds/);
      const answer = answers[view.kind];
      if (!answer) break;
      await submitAnnotation(deps, annotator, {
        assignmentId: view.assignmentId,
        idempotencyKey: randomUUID(),
        activeMs: 20_000,
        content: answer(responses.map(({ id }) => id)),
      });
    }
    expect(seen).toEqual(['RANKING', 'PAIRWISE', 'RATING', 'DEMONSTRATION', 'CORRECTION', 'FLAGS', 'SPAN', 'CHAT']);
    const chat = await database.db.task.findFirstOrThrow({ where: { projectId, kind: 'CHAT' } });
    expect(chat.spec).toEqual({ modelIds: [modelId, second.id], maxTurns: 2 });
    const responses = await database.db.response.findMany({
      where: { prompt: { datasetId: taken.datasetId ?? '' }, text: { in: ['a', 'b'] } },
      orderBy: { text: 'asc' },
    });
    expect(responses.map(({ origin, modelVersionId, sampling }) => [origin, modelVersionId, sampling])).toEqual([
      ['IMPORT', modelId, null],
      ['IMPORT', null, { importedModel: 'unknown-model' }],
    ]);

    const exported: ExportedAnnotation[] = [];
    for await (const page of exportAnnotations(deps, researcher, { projectId })) exported.push(...page);
    expect(exported.map(({ key }) => key).sort()).toEqual(seen.filter((kind) => kind !== 'CHAT').sort());
    const pairwise = exported.find(({ kind }) => kind === 'PAIRWISE');
    expect(pairwise?.content).toMatchObject({
      strength: 2,
      ranks: { [pairwise?.displayOrder[0] ?? '']: 1, [pairwise?.displayOrder[1] ?? '']: 2 },
    });
    expect([...(pairwise?.responses ?? [])]).toEqual(responses.map(({ id }) => id));
    expect(exported.every(({ annotator: who, activeMs, purpose }) => who !== null && activeMs === 20_000 && purpose === 'LABELING')).toBe(
      true,
    );
    await expect(exportAnnotations(deps, annotator, { projectId }).next()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const counts = await listTaskCounts(deps, researcher, { projectId });
    expect(counts.find(({ kind }) => kind === 'SPAN')).toEqual({
      kind: 'SPAN',
      open: 0,
      done: 1,
      cancelled: 0,
      checks: 0,
      wanted: 1,
      filled: 1,
    });
    expect(counts.find(({ kind }) => kind === 'CHAT')).toMatchObject({ open: 1, done: 0, wanted: 1, filled: 0 });
  });

  it('keeps gold and training out of the queue and out of what annotators read', async () => {
    const { take, deps, annotator, projectId, researcher } = await setUp();
    const gold = { content: { ranks: { 2: 1, 1: 2 } }, explanation: 'Because.' };
    const taken = await take([
      { prompt: 'Gold?', responses: two, gold },
      { prompt: 'Train?', responses: two, gold, training: true },
      { prompt: 'Test?', responses: two, gold, qualification: true },
      { prompt: 'Work?', responses: two, overlap: 3 },
    ]);
    expect(taken).toMatchObject({ tasks: 4, checks: 3, slots: 3 });
    const tasks = await database.db.task.findMany({
      where: { projectId },
      include: { gold: true, slots: true, responses: { orderBy: { position: 'asc' } }, prompt: true },
    });
    const byPurpose = new Map(tasks.map((task) => [task.purpose, task]));
    expect([...byPurpose.keys()].sort()).toEqual(['GOLD', 'LABELING', 'QUALIFICATION', 'TRAINING']);
    const right = byPurpose.get('GOLD');
    expect(right?.slots).toEqual([]);
    expect(right?.gold?.content).toEqual({
      ranks: { [right?.responses[1]?.responseId ?? '']: 1, [right?.responses[0]?.responseId ?? '']: 2 },
      aside: [],
    });
    expect(right?.gold).toMatchObject({ explanation: 'Because.', createdById: researcher.userId });
    const view = await claimTask(deps, annotator, { projectId });
    expect(view?.prompt.messages[0]?.content).toBe('Work?');
    expect(JSON.stringify(view)).not.toContain('Because.');
    expect(await claimTask(deps, annotator, { projectId, ahead: true })).toBeNull();
  });

  it('sends tasks to pools, in the order of their priority, and never to their authors', async () => {
    const { take, deps, annotator, researcher, projectId } = await setUp();
    const author = await database.db.user.findUniqueOrThrow({ where: { id: annotator.userId } });
    await take([
      { prompt: 'Mine?', responses: [{ text: 'a', author: author.email.toUpperCase() }, { text: 'b' }], priority: 9 },
      { prompt: 'Law?', responses: two, priority: 5, pool: 'lawyers', skills: ['law'], language: 'de' },
      { prompt: 'Law again?', responses: two, priority: 5, pool: 'lawyers' },
      { prompt: 'Low?', responses: two },
      { prompt: 'High?', responses: two, priority: 1 },
      { prompt: 'Sums?', responses: two, skills: ['math'] },
    ]);
    const pools = await database.db.taskPool.findMany({
      where: { projectId },
      orderBy: { name: 'asc' },
      include: { _count: { select: { tasks: true } } },
    });
    expect(pools.map(({ name, skills, languages, _count }) => [name, skills, languages, _count.tasks])).toEqual([
      ['lawyers', ['law'], ['de'], 2],
      ['math', ['math'], [], 1],
    ]);
    const first = await claimTask(deps, annotator, { projectId });
    expect(first?.prompt.messages[0]?.content).toBe('High?');
    expect((await claimTask(deps, researcher, { projectId }))?.prompt.messages[0]?.content).toBe('Mine?');
  });

  it('names what is wrong, by line and field, and takes nothing of a file that is not what it should be', async () => {
    const { take, projectId } = await setUp();
    const good = Array.from({ length: 30 }, (_, index) => ({ prompt: `Question ${index}`, responses: two, key: `k${index}` }));
    const wrong: [unknown, string][] = [
      [{ prompt: 'x', responses: [{ text: 'one' }] }, 'responses'],
      [{ prompt: 'x', responses: two, pool: 'nowhere' }, 'pool'],
      [{ prompt: 'x', responses: two, gold: { content: { ranks: { 1: 1 } } } }, 'gold.content'],
      [{ prompt: 'x', responses: [{ text: 'a', author: 'nobody@example.org' }, { text: 'b' }] }, 'responses[0].author'],
      [{ prompt: 'x', kind: 'CHAT', spec: { models: ['one', 'two'] } }, 'spec.models'],
      [{ prompt: 'x', responses: two, key: 'k3' }, 'key'],
      [{ prompt: 'x', responses: two, overlpa: 2 }, ''],
      ['{"prompt": ', ''],
    ];
    const taken = await take([...good, ...wrong.map(([row]) => row)]);
    expect(taken).toMatchObject({ tasks: 30, rejected: wrong.length });
    const told = taken.faults.flatMap(({ examples }) => examples).sort((a, b) => a.line - b.line);
    expect(told.map(({ line, field }) => [line, field])).toEqual(wrong.map(([, field], index) => [31 + index, field]));
    expect(told[6]?.message).toContain('overlpa');

    const before = await database.db.task.count({ where: { projectId } });
    const bad = Array.from({ length: 12 }, () => wrong[0]?.[0]);
    await expect(take([...good.map((row) => ({ ...row, key: undefined })), ...bad])).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining('line 31'),
    });
    expect(await database.db.task.count({ where: { projectId } })).toBe(before);
    expect(await database.db.dataset.count({ where: { projectId } })).toBe(2);

    expect(await take(good)).toMatchObject({ datasetId: null, tasks: 0, known: 30 });
    const more = await take([...good, { prompt: 'New?', responses: two, key: 'new' }], 'more');
    expect(more).toMatchObject({ tasks: 1, known: 30 });
    await expect(take([{ prompt: 'Other?', responses: two }], 'more')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('takes 5,000 rows in their order, and gives back what is cancelled', async () => {
    const { take, deps, annotator, researcher, projectId } = await setUp();
    const rows = Array.from({ length: 5000 }, (_, index) => ({
      prompt: `Question ${index}`,
      responses: two,
      overlap: 2,
      kind: 'PAIRWISE',
    }));
    const taken = await take(rows);
    expect(taken).toMatchObject({ tasks: 5000, slots: 10_000, prompts: 5000 });
    const held = await claimTask(deps, annotator, { projectId });
    expect(held?.prompt.messages[0]?.content).toBe('Question 0');
    await expect(cancelTasks(deps, annotator, { projectId, kind: 'PAIRWISE' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(cancelTasks(deps, researcher, { projectId })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await cancelTasks(deps, researcher, { projectId, datasetId: taken.datasetId ?? '' })).toEqual({ cancelled: 5000 });
    expect(await claimTask(deps, annotator, { projectId })).toBeNull();
    const [counts] = await listTaskCounts(deps, researcher, { projectId });
    expect(counts).toEqual({ kind: 'PAIRWISE', open: 0, done: 0, cancelled: 5000, checks: 0, wanted: 0, filled: 0 });
  });

  it('is for researchers', async () => {
    const { deps, annotator, projectId } = await setUp();
    const bytes = encode([{ prompt: 'x', responses: two }]);
    await expect(importTasks(deps, annotator, { projectId, name: 'x', bytes })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
