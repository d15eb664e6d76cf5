import { randomUUID } from 'node:crypto';
import type { Db } from '#lib/db/create-db';
import { hashJson } from '#lib/domain/canonical-json';
import { refreshTask } from '#lib/services/review/refresh-task';
import { createLabelingRound, createMember, rankingOf } from './labeling';
import { admin, outsider, type WebWorld } from './web-world';

export interface LabelledWorld {
  /** A task whose two labels contradict each other. */
  readonly disputedTaskId: string;
  /** Tasks of this world, the disputed one among them. */
  readonly taskIds: readonly string[];
}

/**
 * Adds to a project what annotators must not learn while they work: two models that people compare, labels of others with notes, a gold task
 * with its explanation, scores, messages of another person. Every text of that kind begins with `secret-` (test/support/blind.ts).
 * `admin` gets every role; `outsider` stays an annotator and has labelled nothing.
 */
export async function addLabels(db: Db, world: WebWorld): Promise<LabelledWorld> {
  const { projectId, datasetId } = world;
  const lead = await db.user.findUniqueOrThrow({ where: { email: admin.email } });
  await db.membership.update({
    where: { projectId_userId: { projectId, userId: lead.id } },
    data: { roles: ['ANNOTATOR', 'REVIEWER', 'RESEARCHER', 'ADMIN'] },
  });
  const models = [await addModel(db, projectId, 'secret-model-one'), await addModel(db, projectId, 'secret-model-two')];
  const guideline = await db.guideline.findFirstOrThrow({ where: { projectId }, orderBy: { version: 'desc' } });
  const form = await db.formVersion.findFirstOrThrow({ where: { projectId, kind: 'RANKING' }, orderBy: { version: 'desc' } });
  const bare = { projectId, datasetId, modelId: models[0] as string, guidelineId: guideline.id, formVersionId: form.id };
  const { taskIds } = await createLabelingRound(db, bare, { tasks: 12, overlap: 3, responses: 2 });
  const others = [await createMember(db, projectId, ['ANNOTATOR'], 'Bo'), await createMember(db, projectId, ['ANNOTATOR'], 'Chen Wei')];
  for (const [index, taskId] of taskIds.entries()) {
    const responseIds = await giveToModels(db, taskId, models);
    for (const [person, { userId }] of others.entries()) {
      const agrees = index !== 3 || person === 0;
      await label(db, taskId, userId, person, agrees ? responseIds : [...responseIds].reverse());
    }
    await db.responseScore.createMany({
      data: responseIds.map((responseId, place) => ({ responseId, modelVersionId: models[0] as string, score: place, members: [place] })),
    });
    await db.$transaction((tx) => refreshTask(tx, taskId));
  }
  for (const taskId of taskIds) await addGold(db, taskId);
  await db.taskMessage.create({
    data: {
      projectId,
      taskId: taskIds[1] as string,
      annotatorId: others[0]?.userId as string,
      authorId: others[0]?.userId as string,
      text: 'secret-message of another person',
    },
  });
  await db.project.update({ where: { id: projectId }, data: { labelingPolicy: { gold: { share: 0.9 } } } });
  return { taskIds, disputedTaskId: taskIds[3] as string };
}

async function addModel(db: Db, projectId: string, name: string): Promise<string> {
  const { id } = await db.modelVersion.create({
    data: {
      projectId,
      name,
      kind: 'POLICY',
      family: 'llama',
      parameterCount: 1,
      contextLength: 8,
      vocabularySize: 8,
      files: {},
      weightsHash: randomUUID(),
      card: {},
    },
  });
  return id;
}

/** Answers of a task in the order of their ids, the first by the first model. */
async function giveToModels(db: Db, taskId: string, models: readonly string[]): Promise<string[]> {
  const rows = await db.taskResponse.findMany({ where: { taskId }, orderBy: { position: 'asc' } });
  for (const [place, { responseId }] of rows.entries()) {
    await db.response.update({ where: { id: responseId }, data: { modelVersionId: models[place] as string } });
  }
  return rows.map(({ responseId }) => responseId);
}

async function label(db: Db, taskId: string, annotatorId: string, ordinal: number, order: readonly string[]): Promise<void> {
  const task = await db.task.findUniqueOrThrow({ where: { id: taskId } });
  const slot = await db.slot.findUniqueOrThrow({ where: { taskId_ordinal: { taskId, ordinal } } });
  const content = { ...rankingOf(order), note: 'secret-note of another person' };
  const { id } = await db.annotation.create({
    data: {
      taskId,
      slotId: slot.id,
      annotatorId,
      kind: 'RANKING',
      content,
      contentHash: hashJson(content),
      schemaVersion: 1,
      guidelineId: task.guidelineId,
      formVersionId: task.formVersionId,
      displayOrder: [...order],
      idempotencyKey: randomUUID(),
      activeMs: 12_000,
    },
  });
  await db.slot.update({ where: { id: slot.id }, data: { state: 'FILLED', annotatorId, liveAnnotationId: id } });
}

/** A copy of a task as gold, as promoting one makes it. */
async function addGold(db: Db, sourceTaskId: string): Promise<void> {
  const source = await db.task.findUniqueOrThrow({ where: { id: sourceTaskId }, include: { responses: { orderBy: { position: 'asc' } } } });
  const { id: taskId } = await db.task.create({
    data: {
      projectId: source.projectId,
      promptId: source.promptId,
      kind: source.kind,
      purpose: 'GOLD',
      guidelineId: source.guidelineId,
      formVersionId: source.formVersionId,
      sourceTaskId,
      responses: { create: source.responses.map(({ responseId, position }) => ({ responseId, position })) },
    },
  });
  const content = rankingOf(source.responses.map(({ responseId }) => responseId));
  await db.goldAnswer.create({ data: { taskId, content: { ...content }, explanation: 'secret-gold explanation' } });
}

/** The annotator's account of the world. */
export const annotatorAccount = outsider;
