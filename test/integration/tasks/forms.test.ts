import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultForm, rankingForm } from '#lib/domain/forms';
import { listFormVersions } from '#lib/services/forms/list-form-versions';
import { saveForm } from '#lib/services/forms/save-form';
import { claimTask } from '#lib/services/labeling/claim-task';
import { importTasks } from '#lib/services/tasks/import-tasks';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject, createMember, TestClock } from '../../support/labeling';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe('form versions', () => {
  it('are kept: tasks go on under the one they were made under', async () => {
    const { projectId } = await createBareProject(database.db);
    const researcher = await createMember(database.db, projectId, ['RESEARCHER'], 'Ada');
    const annotator = await createMember(database.db, projectId);
    const deps = { db: database.db, clock: new TestClock() };
    const take = (name: string) => {
      const bytes = new TextEncoder().encode(JSON.stringify({ prompt: name, responses: [{ text: 'a' }, { text: 'b' }] }));
      return importTasks(deps, researcher, { projectId, name, bytes });
    };
    await take('before');
    expect(await saveForm(deps, researcher, { projectId, spec: rankingForm, basedOn: 0 })).toEqual({ version: 1 });
    const spec = {
      kind: 'RANKING',
      parts: [
        { type: 'ranking', ties: false, aside: true },
        { type: 'note', label: 'Why', required: true },
      ],
    };
    expect(await saveForm(deps, researcher, { projectId, spec, basedOn: 1 })).toEqual({ version: 2 });
    expect(await saveForm(deps, researcher, { projectId, spec, basedOn: 1 })).toEqual({ version: 2 });
    await expect(saveForm(deps, researcher, { projectId, spec: defaultForm('RANKING'), basedOn: 1 })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(saveForm(deps, researcher, { projectId, spec: { kind: 'RANKING', parts: [] }, basedOn: 2 })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      details: { field: 'parts' },
    });
    await expect(saveForm(deps, annotator, { projectId, spec, basedOn: 2 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(listFormVersions(deps, annotator, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await take('after');
    const versions = await listFormVersions(deps, researcher, { projectId });
    expect(versions.map(({ version, tasks, createdBy, spec: kept }) => [version, tasks, createdBy, kept.parts.length])).toEqual([
      [2, 1, 'Ada', 2],
      [1, 1, null, 1],
    ]);
    const first = await claimTask(deps, annotator, { projectId });
    const second = await claimTask(deps, annotator, { projectId, ahead: true });
    expect([first?.form.version, second?.form.version]).toEqual([1, 2]);
    expect(second?.form.spec).toEqual(spec);
  });
});
