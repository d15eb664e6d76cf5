import { randomUUID } from 'node:crypto';
import type { Db } from '#lib/db/create-db';
import { systemActor } from '#lib/domain/actor';
import { systemClock } from '#lib/domain/clock';
import { acceptInvitation } from '#lib/services/people/accept-invitation';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import { createBareProject } from './labeling';

export const annotator = { name: 'Ana Lopez', email: 'ana@example.org', password: 'a password of her own' };

export interface RankingTask {
  readonly prompt: string;
  readonly answers: readonly string[];
}

export interface RankingProject {
  readonly projectId: string;
  readonly slug: string;
  readonly userId: string;
}

/** A person who can sign in, and a project with these tasks, in this order, for that person alone. */
export async function createRankingProject(
  db: Db,
  tasks: readonly RankingTask[],
  purpose: 'LABELING' | 'EVALUATION' = 'LABELING',
): Promise<RankingProject> {
  const userId = await personWithPassword(db);
  const project = await createBareProject(db);
  const slug = `rank-${randomUUID().slice(0, 8)}`;
  await db.project.update({ where: { id: project.projectId }, data: { slug, name: 'Helpful answers' } });
  await db.membership.create({ data: { projectId: project.projectId, userId, roles: ['ANNOTATOR'] } });
  const loop = await db.loop.create({
    data: { projectId: project.projectId, name: slug, referenceId: project.modelId, datasetId: project.datasetId, config: {} },
  });
  const round = await db.round.create({
    data: { loopId: loop.id, ordinal: 1, stage: purpose, status: 'WAITING', initPolicyId: project.modelId },
  });
  for (const [index, task] of tasks.entries()) {
    const hash = randomUUID();
    const prompt = await db.prompt.create({
      data: {
        datasetId: project.datasetId,
        messages: [{ role: 'user', content: task.prompt }],
        contentHash: hash,
        salt: hash,
        saltedHash: hash,
        splitKey: hash,
        split: purpose === 'LABELING' ? 'TRAIN' : 'TEST',
        ordinal: index,
      },
    });
    const { id: taskId } = await db.task.create({
      data: {
        projectId: project.projectId,
        roundId: round.id,
        promptId: prompt.id,
        kind: 'RANKING',
        purpose,
        guidelineId: project.guidelineId,
        formVersionId: project.formVersionId,
      },
    });
    for (const [position, text] of task.answers.entries()) {
      const { id: responseId } = await db.response.create({
        data: {
          promptId: prompt.id,
          origin: 'MODEL',
          modelVersionId: project.modelId,
          text,
          tokenIds: [],
          salt: hash,
          saltedHash: hash,
          sampleIndex: position,
        },
      });
      await db.taskResponse.create({ data: { taskId, responseId, position } });
    }
    // Claimed by priority: the first task first.
    await db.slot.create({ data: { taskId, projectId: project.projectId, ordinal: 0, priority: tasks.length - index } });
  }
  return { projectId: project.projectId, slug, userId };
}

async function personWithPassword(db: Db): Promise<string> {
  const known = await db.user.findFirst({ where: { email: annotator.email } });
  if (known) return known.id;
  const deps = { db, clock: systemClock };
  const invitation = await createFirstAdminInvitation(deps, systemActor('test'));
  if (!invitation) throw new Error('the database has an admin already');
  return (await acceptInvitation(deps, null, { token: invitation.token, account: annotator })).userId;
}
