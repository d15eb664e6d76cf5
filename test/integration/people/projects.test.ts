import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getGuideline } from '#lib/services/guidelines/get-guideline';
import { saveGuideline } from '#lib/services/guidelines/save-guideline';
import { createProject } from '#lib/services/projects/create-project';
import { getProject } from '#lib/services/projects/get-project';
import { getProjectOverview } from '#lib/services/projects/get-project-overview';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createMember, createUser, TestClock, userActor } from '../../support/labeling';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function setUp() {
  const deps = { db: database.db, clock: new TestClock() };
  const owner = userActor(await createUser(database.db, 'Owner', true), true);
  return { deps, owner };
}

describe('projects', () => {
  it('start with a guideline, a ranking form and their maker as ADMIN, RESEARCHER and ANNOTATOR', async () => {
    const { deps, owner } = await setUp();
    const { projectId, slug } = await createProject(deps, owner, { name: 'Crème & Brûlée: 2' });
    expect(slug).toBe('creme-brulee-2');
    expect(await getProject(deps, owner, { slug })).toMatchObject({ id: projectId, roles: ['ADMIN', 'RESEARCHER', 'ANNOTATOR'] });
    expect(await getGuideline(deps, owner, { projectId })).toMatchObject({ version: 1, text: expect.stringContaining('Rank the answers') });
    const form = await database.db.formVersion.findFirstOrThrow({ where: { projectId } });
    expect(form).toMatchObject({ version: 1, kind: 'RANKING', spec: { kind: 'RANKING', ties: true, aside: true } });
    expect((await database.db.membership.findFirstOrThrow({ where: { projectId } })).pseudonym).toMatch(/^[0-9a-f-]{36}$/);
    expect(await getProjectOverview(deps, owner, { projectId })).toMatchObject({ members: 1, annotators: 1, datasets: 0, loops: 0 });
  });

  it('of one name get addresses of their own, also at once; a wished address is not changed', async () => {
    const { deps, owner } = await setUp();
    const made = await Promise.all([1, 2, 3].map(() => createProject(deps, owner, { name: '中文' })));
    expect(made.map(({ slug }) => slug).sort()).toEqual(['project', 'project-2', 'project-3']);
    await createProject(deps, owner, { name: 'A', slug: 'wished' });
    await expect(createProject(deps, owner, { name: 'B', slug: 'wished' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(createProject(deps, owner, { name: 'B', slug: '../x' })).rejects.toThrow();
  });

  it('are made by a system admin only, by what the record says of him', async () => {
    const { deps } = await setUp();
    const pretender = userActor(await createUser(database.db), true);
    await expect(createProject(deps, pretender, { name: 'X' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('are not there for who is not a member, system admin or not', async () => {
    const { deps, owner } = await setUp();
    const { projectId, slug } = await createProject(deps, owner, { name: 'Hidden' });
    const stranger = userActor(await createUser(database.db, 'Admin', true), true);
    const missing = await getProject(deps, stranger, { slug: 'no-such-project' }).catch((error: Error) => error.message);
    await expect(getProject(deps, stranger, { slug })).rejects.toMatchObject({ code: 'NOT_FOUND', message: missing });
    await expect(getProject(deps, stranger, { projectId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const annotator = await createMember(database.db, projectId, ['ANNOTATOR']);
    await expect(getProjectOverview(deps, annotator, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('guidelines', () => {
  it('get a version for each change, and none for the same text', async () => {
    const { deps, owner } = await setUp();
    const { projectId } = await createProject(deps, owner, { name: 'G', guideline: 'One.' });
    const second = await saveGuideline(deps, owner, { projectId, text: 'Two.', basedOn: 1 });
    expect(second.version).toBe(2);
    expect(await saveGuideline(deps, owner, { projectId, text: ' Two. ', basedOn: 1 })).toEqual(second);
    expect(await getGuideline(deps, owner, { projectId, version: 1 })).toMatchObject({ text: 'One.' });
    await expect(saveGuideline(deps, owner, { projectId, text: 'Other two.', basedOn: 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
    const annotator = await createMember(database.db, projectId, ['ANNOTATOR']);
    expect((await getGuideline(deps, annotator, { projectId })).version).toBe(2);
    await expect(saveGuideline(deps, annotator, { projectId, text: 'Mine.', basedOn: 2 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(getGuideline(deps, owner, { projectId, version: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('saved by two at once: one is told of the other', async () => {
    const { deps, owner } = await setUp();
    const { projectId } = await createProject(deps, owner, { name: 'H' });
    const saved = await Promise.allSettled(['a', 'b'].map((text) => saveGuideline(deps, owner, { projectId, text, basedOn: 1 })));
    expect(saved.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
