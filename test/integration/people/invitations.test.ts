import { verifyPassword } from 'better-auth/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemActor } from '#lib/domain/actor';
import { acceptInvitation } from '#lib/services/people/accept-invitation';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import { createInvitation } from '#lib/services/people/create-invitation';
import { describeInvitation } from '#lib/services/people/describe-invitation';
import { ensureSimulatedMembers } from '#lib/services/people/ensure-simulated-members';
import { listMembers } from '#lib/services/people/list-members';
import { listMyProjects } from '#lib/services/people/list-my-projects';
import { createProject } from '#lib/services/projects/create-project';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createMember, createUser, TestClock, userActor } from '../../support/labeling';

let database: TestDatabase;
const start = systemActor('start');

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const account = (email: string) => ({ name: 'Ada', email, password: 'correct horse battery' });
const day = 24 * 3600_000;

async function setUp() {
  const clock = new TestClock();
  const deps = { db: database.db, clock };
  const { projectId, slug } = await createProject(deps, start, { name: 'Helpful answers' });
  const admin = await createMember(database.db, projectId, ['ADMIN']);
  return { deps, clock, projectId, slug, admin };
}

describe('the first admin', () => {
  it('comes through the newest link, once', async () => {
    const own = await createTestDatabase();
    try {
      const clock = new TestClock();
      const deps = { db: own.db, clock };
      const older = await createFirstAdminInvitation(deps, start);
      const newer = await createFirstAdminInvitation(deps, start);
      expect(older?.token).not.toBe(newer?.token);
      const stored = JSON.stringify(await own.db.invitation.findMany());
      for (const link of [older, newer]) expect(stored).not.toContain(link!.token);
      await expect(acceptInvitation(deps, null, { token: older!.token, account: account('a@example.org') })).rejects.toMatchObject({
        code: 'PRECONDITION',
        details: { state: 'revoked' },
      });
      expect(await describeInvitation(deps, { token: newer!.token })).toEqual({
        kind: 'FIRST_ADMIN',
        projectName: null,
        roles: [],
        email: null,
        expiresAt: newer!.expiresAt,
      });
      const both = await Promise.allSettled(
        ['one', 'two'].map((name) => acceptInvitation(deps, null, { token: newer!.token, account: account(`${name}@Example.org`) })),
      );
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const admins = await own.db.user.findMany({ where: { isSystemAdmin: true }, include: { accounts: true } });
      expect(admins).toHaveLength(1);
      expect(await own.db.user.count()).toBe(1);
      expect(admins[0]?.email).toMatch(/^(one|two)@example\.org$/);
      expect(admins[0]?.accounts).toMatchObject([{ providerId: 'credential', accountId: admins[0]?.id }]);
      const hash = admins[0]!.accounts[0]!.password!;
      expect(await verifyPassword({ hash, password: 'correct horse battery' })).toBe(true);
      expect(await verifyPassword({ hash, password: 'correct horse batterz' })).toBe(false);
      expect(await createFirstAdminInvitation(deps, start)).toBeNull();
    } finally {
      await own.drop();
    }
  });

  it('is made by the start only', async () => {
    const { deps } = await setUp();
    const somebody = userActor(await createUser(database.db), true);
    await expect(createFirstAdminInvitation(deps, somebody)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('an invitation', () => {
  it('makes an account and a membership with its roles, once', async () => {
    const { deps, projectId, slug, admin } = await setUp();
    const { token } = await createInvitation(deps, admin, { projectId, roles: ['ANNOTATOR', 'REVIEWER', 'ANNOTATOR'] });
    expect(await describeInvitation(deps, { token })).toMatchObject({ projectName: 'Helpful answers', roles: ['ANNOTATOR', 'REVIEWER'] });
    const accepted = await acceptInvitation(deps, null, { token, account: account('ada@example.org') });
    expect(accepted).toMatchObject({ projectId, projectSlug: slug });
    const members = await listMembers(deps, admin, { projectId });
    expect(members.find(({ userId }) => userId === accepted.userId)).toMatchObject({
      name: 'Ada',
      email: 'ada@example.org',
      kind: 'PERSON',
      roles: ['ANNOTATOR', 'REVIEWER'],
    });
    expect((await database.db.user.findUniqueOrThrow({ where: { id: accepted.userId } })).isSystemAdmin).toBe(false);
    await expect(acceptInvitation(deps, null, { token, account: account('eve@example.org') })).rejects.toMatchObject({
      details: { state: 'used' },
    });
    await expect(describeInvitation(deps, { token })).rejects.toMatchObject({ details: { state: 'used' } });
    expect(await database.db.user.count({ where: { email: 'eve@example.org' } })).toBe(0);
  });

  it('adds its roles to those of a person who is signed in', async () => {
    const { deps, projectId, admin } = await setUp();
    const member = await createMember(database.db, projectId, ['ANNOTATOR']);
    const { token } = await createInvitation(deps, admin, { projectId, roles: ['RESEARCHER'] });
    await acceptInvitation(deps, member, { token });
    const [mine] = await listMyProjects(deps, member);
    expect(mine).toMatchObject({ id: projectId, roles: ['ANNOTATOR', 'RESEARCHER'], left: 0, doneToday: 0, guidelineVersion: 1 });
  });

  it("is refused when it ran out, is unknown, is another address's, or the address has an account", async () => {
    const { deps, clock, projectId, admin } = await setUp();
    const named = await createInvitation(deps, admin, { projectId, roles: ['ANNOTATOR'], email: 'Bob@example.org' });
    await expect(acceptInvitation(deps, null, { token: named.token, account: account('mallory@example.org') })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await database.db.user.count({ where: { email: 'mallory@example.org' } })).toBe(0);
    await acceptInvitation(deps, null, { token: named.token, account: account('bob@example.org') });
    const open = await createInvitation(deps, admin, { projectId, roles: ['ANNOTATOR'] });
    await expect(acceptInvitation(deps, null, { token: open.token, account: account('BOB@example.org') })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { field: 'email' },
    });
    await expect(acceptInvitation(deps, null, { token: open.token })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(acceptInvitation(deps, null, { token: `${open.token}x`, account: account('c@example.org') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const short = { ...account('c@example.org'), password: 'short' };
    await expect(acceptInvitation(deps, null, { token: open.token, account: short })).rejects.toThrow();
    clock.advance(7 * day);
    await expect(acceptInvitation(deps, null, { token: open.token, account: account('c@example.org') })).rejects.toMatchObject({
      details: { state: 'expired' },
    });
    expect(await database.db.user.count({ where: { email: 'c@example.org' } })).toBe(0);
  });

  it('is made by an admin of that project only', async () => {
    const { deps, projectId } = await setUp();
    const other = await setUp();
    const invite = { projectId, roles: ['ADMIN' as const] };
    for (const roles of [['ANNOTATOR'], ['REVIEWER'], ['RESEARCHER']] as const) {
      const member = await createMember(database.db, projectId, [...roles]);
      await expect(createInvitation(deps, member, invite)).rejects.toMatchObject({ code: 'FORBIDDEN', details: { roles: ['ADMIN'] } });
      await expect(createInvitation(deps, { ...member, isSystemAdmin: true }, invite)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    await expect(createInvitation(deps, other.admin, invite)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await database.db.user.update({ where: { id: other.admin.userId }, data: { disabledAt: new Date() } });
    await expect(createInvitation(deps, other.admin, { ...invite, projectId: other.projectId })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('simulated annotators', () => {
  it('are made once each, are marked, and can only be made on the command line', async () => {
    const { deps, projectId, admin } = await setUp();
    const names = ['Simulated 1', 'Simulated 2'];
    const made = await ensureSimulatedMembers(deps, start, { projectId, names });
    expect(await ensureSimulatedMembers(deps, start, { projectId, names })).toEqual(made);
    const members = await listMembers(deps, admin, { projectId });
    expect(members.filter(({ kind }) => kind === 'SIMULATED').map(({ name, roles }) => ({ name, roles }))).toEqual(
      names.map((name) => ({ name, roles: ['ANNOTATOR'] })),
    );
    await expect(ensureSimulatedMembers(deps, admin, { projectId, names })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
