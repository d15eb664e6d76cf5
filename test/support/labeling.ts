import { randomUUID } from 'node:crypto';
import type { Db } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { canonicalJson, hashJson, saltedHash } from '#lib/domain/canonical-json';
import type { Clock } from '#lib/domain/clock';
import { comparisonFromOrder } from '#lib/domain/comparison';
import { rankingForm } from '#lib/domain/forms';
import type { Role } from '#lib/domain/permissions';
import { promptContentHash, promptSplitKey } from '#lib/domain/prompts';
import type { Split } from '#lib/domain/splits';

/** A clock that stands still until it is moved. */
export class TestClock implements Clock {
  #now = new Date('2026-03-01T09:00:00Z');

  now(): Date {
    return new Date(this.#now);
  }

  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}

export function userActor(userId: string, isSystemAdmin = false): Actor {
  return { kind: 'user', userId, isSystemAdmin };
}

export async function createUser(db: Db, name = 'Somebody', isSystemAdmin = false): Promise<string> {
  const { id } = await db.user.create({ data: { name, email: `${randomUUID()}@example.org`, isSystemAdmin } });
  return id;
}

export async function createMember(
  db: Db,
  projectId: string,
  roles: Role[] = ['ANNOTATOR'],
  name = 'Somebody',
): Promise<Actor & { kind: 'user' }> {
  const userId = await createUser(db, name);
  await db.membership.create({ data: { projectId, userId, roles } });
  return { kind: 'user', userId, isSystemAdmin: false };
}

/** A project with guideline, form, dataset and one model, without any member. */
export async function createBareProject(
  db: Db,
): Promise<{ projectId: string; datasetId: string; modelId: string; guidelineId: string; formVersionId: string }> {
  const { id: projectId } = await db.project.create({ data: { slug: randomUUID(), name: 'Test' } });
  const guideline = await db.guideline.create({ data: { projectId, version: 1, text: 'Best first.', contentHash: 'guideline-hash' } });
  const form = await db.formVersion.create({
    data: { projectId, version: 1, kind: 'RANKING', spec: rankingForm, contentHash: hashJson(rankingForm) },
  });
  const dataset = await db.dataset.create({ data: { projectId, name: 'prompts' } });
  const model = await db.modelVersion.create({
    data: {
      projectId,
      name: 'secret-model-name',
      kind: 'POLICY',
      family: 'llama',
      parameterCount: 1,
      contextLength: 8,
      vocabularySize: 8,
      files: {},
      weightsHash: 'w',
      card: {},
    },
  });
  return { projectId, datasetId: dataset.id, modelId: model.id, guidelineId: guideline.id, formVersionId: form.id };
}

export interface RoundOptions {
  readonly tasks: number;
  readonly overlap?: number;
  readonly responses?: number;
  readonly purpose?: 'LABELING' | 'EVALUATION';
  readonly split?: (index: number) => Split;
  /** Another round of this loop, on the prompts of the first; else a new loop. */
  readonly loopId?: string;
}

type Bare = Awaited<ReturnType<typeof createBareProject>>;

/** A round that waits for labels, with its tasks, answers and slots. */
export async function createLabelingRound(
  db: Db,
  project: Bare,
  options: RoundOptions,
): Promise<{ loopId: string; roundId: string; taskIds: string[] }> {
  const { projectId, datasetId, modelId, guidelineId, formVersionId } = project;
  const { tasks, overlap = 1, responses = 3, purpose = 'LABELING', split = () => 'TRAIN' } = options;
  const loopId =
    options.loopId ?? (await db.loop.create({ data: { projectId, name: randomUUID(), referenceId: modelId, datasetId, config: {} } })).id;
  const ordinal = 1 + (await db.round.count({ where: { loopId } }));
  const round = await db.round.create({ data: { loopId, ordinal, stage: purpose, status: 'WAITING', initPolicyId: modelId } });
  const offset = await db.prompt.count({ where: { datasetId } });
  const rows = Array.from({ length: tasks }, (_, index) => {
    const messages = [{ role: 'user' as const, content: `Question ${offset + index}` }];
    const salt = randomUUID();
    return {
      prompt: {
        id: randomUUID(),
        datasetId,
        messages,
        contentHash: promptContentHash(messages),
        salt,
        saltedHash: saltedHash(salt, canonicalJson(messages)),
        splitKey: promptSplitKey(messages),
        split: split(index),
        ordinal: offset + index,
      },
      taskId: randomUUID(),
      responseIds: Array.from({ length: responses }, () => randomUUID()),
    };
  });
  await db.prompt.createMany({ data: rows.map(({ prompt }) => prompt) });
  await db.response.createMany({
    data: rows.flatMap(({ prompt, responseIds }) =>
      responseIds.map((id, index) => ({
        id,
        promptId: prompt.id,
        origin: 'MODEL' as const,
        modelVersionId: modelId,
        text: `Answer ${index} to ${prompt.ordinal}`,
        tokenIds: [3, 4, 5 + index],
        salt: id,
        saltedHash: saltedHash(id, `Answer ${index} to ${prompt.ordinal}`),
        sampleIndex: index,
        sampling: { temperature: 0.7, secret: 'sampling-secret' },
      })),
    ),
  });
  await db.task.createMany({
    data: rows.map(({ prompt, taskId }) => ({
      id: taskId,
      projectId,
      roundId: round.id,
      promptId: prompt.id,
      kind: 'RANKING' as const,
      purpose,
      guidelineId,
      formVersionId,
    })),
  });
  await db.taskResponse.createMany({
    data: rows.flatMap(({ taskId, responseIds }) => responseIds.map((responseId, position) => ({ taskId, responseId, position }))),
  });
  await db.slot.createMany({
    data: rows.flatMap(({ taskId }) => Array.from({ length: overlap }, (_, index) => ({ taskId, projectId, ordinal: index }))),
  });
  return { loopId, roundId: round.id, taskIds: rows.map(({ taskId }) => taskId) };
}

/** A ranking in the order given, the last two tied where asked. */
export function rankingOf(ids: readonly string[], tieLast = false) {
  const groups = ids.map((id) => [id]);
  return tieLast && ids.length > 1 ? comparisonFromOrder([...groups.slice(0, -2), ids.slice(-2)]) : comparisonFromOrder(groups);
}
