import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemActor } from '#lib/domain/actor';
import { readReportSubject } from '#lib/domain/quality/report-scope';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { withdrawAnnotation } from '#lib/services/labeling/withdraw-annotation';
import { listPeople } from '#lib/services/people/list-people';
import { updateMember } from '#lib/services/people/update-member';
import { computeQualityReport } from '#lib/services/quality/compute-quality-report';
import { getQualityPolicy } from '#lib/services/quality/get-quality-policy';
import { getQualityReport } from '#lib/services/quality/get-quality-report';
import { requestQualityReport } from '#lib/services/quality/request-quality-report';
import { saveQualityPolicy } from '#lib/services/quality/save-quality-policy';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createMember } from '../../support/labeling';
import { claim, createQualityWorld, hour, send } from './quality-world';

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

const world = (policy: object = {}, tasks = 2) => createQualityWorld({ db: database.db, queues }, policy, tasks);

describe('the quality report of a project', () => {
  it('stands on the annotations that count, is kept, and hides names from researchers', async () => {
    const at = await world();
    const { projectId, deps } = at;
    const second = await createMember(database.db, projectId, ['ANNOTATOR'], 'Bo Berg');
    const researcher = await createMember(database.db, projectId, ['RESEARCHER'], 'Rea Researcher');
    for (const person of [at.annotator, second]) {
      for (let step = 0; step < 2; step += 1) await send(at, person, await claim(at, person), person !== second || step !== 0);
    }
    expect(await getQualityReport(deps, researcher, { projectId })).toMatchObject({ report: null, pending: false });
    await requestQualityReport(deps, researcher, { projectId });
    await requestQualityReport(deps, researcher, { projectId });
    expect(await database.db.outbox.count({ where: { kind: 'quality-report', subjectId: projectId } })).toBe(1);
    expect((await getQualityReport(deps, researcher, { projectId })).pending).toBe(true);
    const report = await computeQualityReport(deps, systemActor('worker'), { projectId });
    // one task the same, one just the other way round
    expect(report.agreement.find(({ measure }) => measure === 'pairs')?.estimate).toMatchObject({ defined: true, value: 0.5, n: 2 });
    const seen = await getQualityReport(deps, researcher, { projectId });
    expect(seen).toMatchObject({ pending: false, namesShown: false, report: { labels: 4, tasks: 2, people: 2 } });
    expect(JSON.stringify(seen)).not.toMatch(/Ana|Bo Berg/);
    expect(seen.report?.rows.every(({ label }) => /^P-[0-9A-F]{4}$/.test(label))).toBe(true);
    expect((await getQualityReport(deps, at.lead, { projectId })).report?.rows.map(({ name }) => name).sort()).toEqual([
      'Ana Lopez',
      'Bo Berg',
    ]);

    // A part is asked for, computed and kept by itself.
    const recent = { projectId, days: 30, guideline: 1 } as const;
    await requestQualityReport(deps, researcher, recent);
    expect(await getQualityReport(deps, researcher, recent)).toMatchObject({ report: null, pending: true });
    expect((await getQualityReport(deps, researcher, { projectId })).pending).toBe(false);
    at.clock.advance(40 * 24 * hour);
    const { subjectId } = await database.db.outbox.findFirstOrThrow({ where: { kind: 'quality-report', doneAt: null } });
    await computeQualityReport(deps, systemActor('worker'), readReportSubject(subjectId));
    expect(await getQualityReport(deps, researcher, recent)).toMatchObject({ report: { labels: 0 }, pending: false });
    expect(await getQualityReport(deps, researcher, { projectId })).toMatchObject({ report: { labels: 4 } });
    await expect(getQualityReport(deps, second, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });

    const last = await database.db.annotation.findFirstOrThrow({ where: { annotatorId: second.userId }, orderBy: { createdAt: 'desc' } });
    await withdrawAnnotation(deps, second, { annotationId: last.id, idempotencyKey: 'withdraw-1' });
    expect((await computeQualityReport(deps, systemActor('worker'), { projectId })).labels).toBe(3);
  });

  it('takes changes of the policy, and only sound ones', async () => {
    const at = await world({ overlap: 3 });
    const { deps, projectId } = at;
    const policy = await getQualityPolicy(deps, at.lead, { projectId });
    await saveQualityPolicy(deps, at.lead, { projectId, policy: { gold: { ...policy.gold, share: 0.1 } } });
    expect((await getQualityPolicy(deps, at.lead, { projectId })).gold.share).toBe(0.1);
    const { labelingPolicy } = await database.db.project.findUniqueOrThrow({ where: { id: projectId } });
    expect(labelingPolicy).toMatchObject({ overlap: 3 });
    const wrong = { projectId, policy: { sprt: { ...policy.sprt, good: 0.5 } } };
    await expect(saveQualityPolicy(deps, at.lead, wrong)).rejects.toThrow(/fewer checks/);
    await expect(saveQualityPolicy(deps, at.annotator, { projectId, policy: {} })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('the people of a project', () => {
  it('are edited by admins, with before and after on record', async () => {
    const at = await world();
    const { deps, projectId } = at;
    const { userId } = at.annotator;
    const researcher = await createMember(database.db, projectId, ['RESEARCHER']);
    await expect(updateMember(deps, researcher, { projectId, userId, skills: ['law'] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await updateMember(deps, at.lead, { projectId, userId, skills: [' medicine', 'law', 'law'], payCents: 45, qualified: true });
    const { people, namesShown, currency } = await listPeople(deps, at.lead, { projectId });
    expect({ namesShown, currency }).toEqual({ namesShown: true, currency: 'USD' });
    expect(people.find((person) => person.userId === userId)).toMatchObject({
      name: 'Ana Lopez',
      skills: ['law', 'medicine'],
      languages: [],
      payCents: 45,
      dailyQuota: null,
      qualifiedAt: at.clock.now(),
      checks: { defined: false },
    });
    expect(JSON.stringify(await listPeople(deps, researcher, { projectId }))).not.toContain('Ana');
    const event = await database.db.membershipEvent.findFirstOrThrow({ where: { projectId, userId, kind: 'changed' } });
    expect(event).toMatchObject({
      actorId: at.lead.userId,
      data: { before: { skills: [] }, after: { skills: ['law', 'medicine'], payCents: 45 } },
    });
    await expect(listPeople(deps, at.annotator, { projectId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
