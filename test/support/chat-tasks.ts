import { randomUUID } from 'node:crypto';
import type { Actor } from '#lib/domain/actor';
import { canonicalJson, hashJson, saltedHash } from '#lib/domain/canonical-json';
import type { FormSpec, TaskKind } from '#lib/domain/forms';
import { type Message, promptContentHash, promptSplitKey } from '#lib/domain/prompts';
import type { Deps } from '#lib/services/deps';
import { importModel } from '#lib/services/models/import-model';
import { storeFiles } from '../../workers/processors/store-model';
import { createMember } from './labeling';
import { tinyLlama } from './tiny-llama';

/** Models of random weights that write any letters; `context` is how many tokens they read. */
export async function importTalkers(
  deps: Deps,
  actor: Actor,
  projectId: string,
  names: readonly string[],
  context = 512,
): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, name] of names.entries()) {
    const files = await storeFiles(deps, tinyLlama({ contextLength: context, layers: 1 + index }), { source: 'test' });
    ids.push((await importModel(deps, actor, { projectId, name }, files)).modelId);
  }
  return ids;
}

interface Wanted {
  readonly kind: TaskKind;
  readonly form: FormSpec;
  readonly spec: object;
  readonly messages: readonly Message[];
  /** Texts of answers, for kinds that show some. */
  readonly responses?: readonly string[];
}

/** A task of any kind with one free slot, outside of any round. */
export async function createKindTask(deps: Pick<Deps, 'db'>, projectId: string, wanted: Wanted): Promise<string> {
  const { db } = deps;
  const { kind, form, spec, messages } = wanted;
  const dataset = await db.dataset.create({ data: { projectId, name: randomUUID() } });
  const salt = randomUUID();
  const prompt = await db.prompt.create({
    data: {
      datasetId: dataset.id,
      messages: JSON.parse(JSON.stringify(messages)),
      contentHash: promptContentHash(messages),
      salt,
      saltedHash: saltedHash(salt, canonicalJson(messages)),
      splitKey: promptSplitKey(messages),
      split: 'TRAIN',
      ordinal: 0,
    },
  });
  const guideline = await db.guideline.findFirstOrThrow({ where: { projectId }, orderBy: { version: 'desc' } });
  const version = 1 + (await db.formVersion.count({ where: { projectId, kind } }));
  const formVersion = await db.formVersion.create({
    data: { projectId, version, kind, spec: JSON.parse(JSON.stringify(form)), contentHash: hashJson(form) },
  });
  const task = await db.task.create({
    data: {
      projectId,
      promptId: prompt.id,
      kind,
      purpose: 'LABELING',
      guidelineId: guideline.id,
      formVersionId: formVersion.id,
      spec: JSON.parse(JSON.stringify(spec)),
    },
  });
  for (const [position, text] of (wanted.responses ?? []).entries()) {
    const response = await db.response.create({
      data: { promptId: prompt.id, origin: 'IMPORT', text, tokenIds: [], salt: randomUUID(), saltedHash: saltedHash(salt, text) },
    });
    await db.taskResponse.create({ data: { taskId: task.id, responseId: response.id, position } });
  }
  await db.slot.create({ data: { taskId: task.id, projectId, ordinal: 0 } });
  return task.id;
}

/** A person who holds the task. */
export async function holdTask(
  deps: Pick<Deps, 'db'>,
  projectId: string,
  taskId: string,
): Promise<{ person: Actor; assignmentId: string }> {
  const person = await createMember(deps.db, projectId);
  const slot = await deps.db.slot.findFirstOrThrow({ where: { taskId } });
  const expiresAt = new Date(Date.now() + 600_000);
  await deps.db.slot.update({ where: { id: slot.id }, data: { state: 'LEASED', annotatorId: person.userId, leaseExpiresAt: expiresAt } });
  const { id } = await deps.db.assignment.create({
    data: { slotId: slot.id, taskId, annotatorId: person.userId, displayOrder: [], expiresAt },
  });
  return { person, assignmentId: id };
}
