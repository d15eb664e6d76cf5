import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FolderStore } from '#lib/blobs/folder-store';
import { readTrainingData } from '#lib/formats/training-data/read-training-data';
import { claimTask } from '#lib/services/labeling/claim-task';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { freezeImported } from '#lib/services/snapshots/freeze-imported';
import { getSnapshot } from '#lib/services/snapshots/get-snapshot';
import { snapshotRows } from '#lib/services/snapshots/snapshot-rows';
import { importTasks } from '#lib/services/tasks/import-tasks';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createMember, TestClock } from '../../support/labeling';

let database: TestDatabase;
const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-freeze-imported-'));

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const textOf = (rows: readonly unknown[]) => new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

async function setUp() {
  const { projectId, modelId } = await createBareProject(database.db);
  const researcher = await createMember(database.db, projectId, ['RESEARCHER']);
  const annotator = await createMember(database.db, projectId, ['ANNOTATOR']);
  const queues = { wake: async () => undefined } as never;
  return {
    projectId,
    modelId,
    researcher,
    annotator,
    deps: { db: database.db, clock: new TestClock(), queues, blobs: new FolderStore(folder) },
  };
}

it('walks a label of an imported task to the rows that a reward model is trained on', async () => {
  const { annotator, deps, modelId, projectId, researcher } = await setUp();
  await expect(freezeImported(deps, researcher, { projectId })).rejects.toMatchObject({ code: 'PRECONDITION' });
  const { name: model } = await deps.db.modelVersion.findUniqueOrThrow({ where: { id: modelId }, select: { name: true } });
  const rows = [
    { prompt: 'Name a colour.', responses: [{ text: 'Blue 🙂.' }, { text: 'Seven.', model }, { text: 'Red.' }], key: 'ranked' },
    { prompt: 'Choose.', kind: 'PAIRWISE', responses: [{ text: 'Left.' }, { text: 'Right.' }], key: 'chosen' },
    { prompt: 'Rate.', kind: 'RATING', responses: [{ text: 'Fine.' }], key: 'rated' },
    { prompt: 'Known.', responses: [{ text: 'Good.' }, { text: 'Bad.' }], gold: { content: { ranks: { 1: 1, 2: 2 } } }, training: true },
  ];
  const fractions = { train: 1, validation: 0, test: 0 };
  await importTasks(deps, researcher, { projectId, name: 'own', fractions, bytes: textOf(rows) });
  const first = await deps.db.task.findFirstOrThrow({ where: { projectId, key: 'ranked' }, select: { id: true } });
  await deps.db.task.updateMany({ where: { projectId, purpose: 'TRAINING' }, data: { status: 'CANCELLED' } });

  const annotationIds: Record<string, string> = {};
  let task = await claimTask(deps, annotator, { projectId });
  while (task) {
    const id = (text: string) => task?.responses.find((response) => response.text === text)?.id ?? '';
    const content =
      task.kind === 'RANKING'
        ? { ranks: { [id('Blue 🙂.')]: 1, [id('Red.')]: 1 }, aside: [id('Seven.')] }
        : task.kind === 'PAIRWISE'
          ? { ranks: { [id('Right.')]: 1, [id('Left.')]: 2 }, strength: 3 }
          : { ratings: { [id('Fine.')]: { overall: 7, helpfulness: 1, truthfulness: 3, harmlessness: 4 } } };
    const given = { assignmentId: task.assignmentId, idempotencyKey: randomUUID(), content, activeMs: 5 };
    const submitted = await submitAnnotation(deps, annotator, given);
    annotationIds[task.kind] = submitted.annotationId;
    task = submitted.next;
  }
  expect(Object.keys(annotationIds).sort()).toEqual(['PAIRWISE', 'RANKING', 'RATING']);

  const frozen = await freezeImported(deps, researcher, { projectId });
  expect(frozen).toMatchObject({ annotations: 2, isNew: true });
  expect(await freezeImported(deps, researcher, { projectId })).toEqual({ ...frozen, isNew: false });
  expect((await getSnapshot(deps, researcher, { snapshotId: frozen.snapshotId })).card).toMatchObject({
    pairs: { strict: 1, tied: 1 },
    setAside: 1,
  });
  const edge = { fromKind: 'MODEL_VERSION', fromId: modelId, toKind: 'SNAPSHOT', toId: frozen.snapshotId, kind: 'GENERATED_BY' } as const;
  expect(await deps.db.lineageEdge.count({ where: edge })).toBe(1);

  const written = await snapshotRows(deps, researcher, { snapshotId: frozen.snapshotId });
  const { pseudonym } = await deps.db.membership.findFirstOrThrow({
    where: { projectId, roles: { equals: ['ANNOTATOR'] } },
    select: { pseudonym: true },
  });
  const trained = readTrainingData([{ name: 'labels.jsonl', bytes: textOf(written) }], { shares: fractions });
  expect(trained).toMatchObject({ form: 'rankings' });
  expect(trained.rows).toHaveLength(2);
  const of = (prompt: string) => written.find((row) => row.prompt === prompt);
  expect(of('Name a colour.')).toMatchObject({
    responses: ['Blue 🙂.', 'Seven.', 'Red.'],
    ranks: [1, null, 1],
    annotator: pseudonym,
    split: 'train',
  });
  expect(of('Choose.')).toMatchObject({ responses: ['Left.', 'Right.'], ranks: [2, 1] });

  // a correction is another label; a task that was cancelled as broken leaves with its own
  const ids = await deps.db.taskResponse.findMany({
    where: { taskId: first.id },
    orderBy: { position: 'asc' },
    select: { responseId: true },
  });
  const [blue, seven, red] = ids.map(({ responseId }) => responseId) as [string, string, string];
  const content = { ranks: { [blue]: 1, [red]: 2, [seven]: 3 } };
  await correctAnnotation(deps, annotator, {
    annotationId: annotationIds.RANKING ?? '',
    idempotencyKey: randomUUID(),
    content,
    activeMs: 5,
  });
  await deps.db.task.updateMany({ where: { projectId, key: 'chosen' }, data: { status: 'CANCELLED' } });
  const later = await freezeImported(deps, researcher, { projectId });
  expect(later).toMatchObject({ annotations: 1, isNew: true });
  expect(await snapshotRows(deps, researcher, { snapshotId: later.snapshotId })).toMatchObject([{ ranks: [1, 3, 2] }]);
  await expect(freezeImported(deps, annotator, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
});
