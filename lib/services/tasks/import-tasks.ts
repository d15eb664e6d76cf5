import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { sha256Hex } from '#lib/domain/canonical-json';
import { type TaskKind, taskKinds } from '#lib/domain/forms';
import { storableText } from '#lib/domain/prompts';
import { defaultSplitFractions, splitFractionsSchema, splitOf } from '#lib/domain/splits';
import { AppError } from '#lib/errors';
import { parseTasksJsonl } from '#lib/formats/tasks-jsonl';
import { type FaultGroup, faultLines, groupFaults, tooManyFaults } from '#lib/services/data/import-faults';
import { insertPrompts, knownSplits, newPrompt } from '#lib/services/data/insert-prompts';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { insertTasks, type NewTask } from './insert-tasks';
import { loadNames } from './load-names';
import { type ResolvedRow, resolveRows } from './resolve-rows';

const maxFileBytes = 256 * 1024 * 1024;
const batchSize = 1000;

const importTasksInput = z.strictObject({
  projectId: z.uuid(),
  /** Of the dataset that the prompts of these tasks make up. */
  name: storableText.trim().min(1).max(200),
  /** Name of the file, for messages and for the record. */
  sourceName: storableText.trim().max(500).optional(),
  /** Of rows that name none. */
  kind: z.enum(taskKinds).default('RANKING'),
  fractions: splitFractionsSchema.default(defaultSplitFractions),
  bytes: z
    .custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes')
    .refine((bytes) => bytes.length <= maxFileBytes, `is larger than ${maxFileBytes} bytes; split the file`),
});

export interface ImportedTasks {
  /** Null where every row was there already. */
  readonly datasetId: string | null;
  readonly tasks: number;
  readonly kinds: Readonly<Partial<Record<TaskKind, number>>>;
  /** Tasks with a known answer, and those of the training and of the qualification. */
  readonly checks: number;
  /** Annotations wanted of all of them. */
  readonly slots: number;
  readonly prompts: number;
  /** Rows whose key the project has already; they are let be. */
  readonly known: number;
  readonly rejected: number;
  readonly faults: readonly FaultGroup[];
}

/**
 * Makes tasks of the rows of a JSONL file, whole or not at all, under the guideline and the forms that hold now. Needs
 * labeling.manage and dataset.import.
 * @throws AppError BAD_INPUT (with the first faults) where no row can be taken or more than 1% are faulty; CONFLICT where the name is taken
 */
export async function importTasks(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof importTasksInput>,
): Promise<ImportedTasks> {
  const { projectId, name, sourceName, kind, fractions, bytes } = importTasksInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  await authorise(deps, actor, projectId, 'dataset.import');
  const { rows, faults: unread, lines } = parseTasksJsonl(bytes, kind);
  const file = sourceName ?? name;
  const now = deps.clock.now();
  return deps.db.$transaction(
    async (tx) => {
      // Two imports at once could give one new prompt two splits, or take one key twice.
      await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
      const names = await loadNames(tx, projectId, rows);
      const { resolved, faults: unfit, known } = resolveRows(rows, names);
      const faults = [...unread, ...unfit];
      const groups = groupFaults(faults);
      if (resolved.length === 0 && known === 0) throw importError(`${file} holds no task that can be taken (${lines} lines).`, groups);
      if (tooManyFaults(faults.length, rows.length)) {
        throw importError(`${faults.length} of ${lines} lines of ${file} cannot be taken; nothing was imported.`, groups);
      }
      const dataset = {
        projectId,
        name,
        sourceName: sourceName ?? null,
        sourceHash: sha256Hex(bytes),
        rejected: faults.length,
        createdById: actorUserId(actor),
        createdAt: now,
      };
      if (resolved.length === 0)
        return { datasetId: null, tasks: 0, kinds: {}, checks: 0, slots: 0, prompts: 0, known, rejected: faults.length, faults: groups };
      const datasetId = await createDataset(tx, dataset);
      const promptIds = await addPrompts(tx, { projectId, datasetId, fractions }, resolved);
      const tasks = resolved.map((row): NewTask => ({ ...row, promptId: promptIds.get(row.contentHash) ?? '' }));
      await insertTasks(tx, { projectId, guidelineId: names.guidelineId, createdById: actorUserId(actor), now }, tasks);
      await tx.dataset.update({ where: { id: datasetId }, data: { taken: promptIds.size, duplicates: resolved.length - promptIds.size } });
      return {
        datasetId,
        tasks: resolved.length,
        kinds: countBy(resolved.map((row) => row.kind)),
        checks: resolved.filter(({ purpose }) => purpose !== 'LABELING').length,
        slots: resolved.reduce((sum, { slots }) => sum + slots, 0),
        prompts: promptIds.size,
        known,
        rejected: faults.length,
        faults: groups,
      };
    },
    { timeout: 10 * 60_000, maxWait: 10_000 },
  );
}

async function createDataset(tx: Tx, data: Parameters<Tx['dataset']['create']>[0]['data'] & { projectId?: string; name: string }) {
  const { projectId = '', name } = data;
  const taken = await tx.dataset.findUnique({ where: { projectId_name: { projectId, name } }, select: { id: true } });
  if (taken) {
    throw new AppError('CONFLICT', `The project has a dataset named "${name}".`, {
      details: { field: 'name' },
      remedy: 'Choose another name.',
    });
  }
  const { id } = await tx.dataset.create({ data, select: { id: true } });
  return id;
}

interface Into {
  readonly projectId: string;
  readonly datasetId: string;
  readonly fractions: z.infer<typeof splitFractionsSchema>;
}

/** Each prompt once, however many tasks ask about it; by the hash of its messages. */
async function addPrompts(tx: Tx, { projectId, datasetId, fractions }: Into, rows: readonly ResolvedRow[]): Promise<Map<string, string>> {
  const unique = [...new Map(rows.map((row) => [row.contentHash, row])).values()];
  const ids = new Map<string, string>();
  for (let start = 0; start < unique.length; start += batchSize) {
    const batch = unique.slice(start, start + batchSize);
    const splits = await knownSplits(tx, projectId, batch);
    const prompts = batch.map((row, index) => newPrompt(row, splits.get(row.splitKey) ?? splitOf(row.splitKey, fractions), start + index));
    await insertPrompts(tx, datasetId, prompts);
    for (const { id, contentHash } of prompts) ids.set(contentHash, id);
  }
  return ids;
}

function countBy(kinds: readonly TaskKind[]): Partial<Record<TaskKind, number>> {
  const counts: Partial<Record<TaskKind, number>> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function importError(message: string, groups: readonly FaultGroup[]): AppError {
  const lines = faultLines(groups);
  return new AppError('BAD_INPUT', lines.length > 0 ? `${message} First fault: ${lines[0]}.` : message, {
    details: { errors: lines.slice(0, 20) },
    remedy:
      'Each line is one JSON object: {"prompt": "...", "responses": [{"text": "..."}, {"text": "..."}], "kind": "RANKING"}. Mend the lines and import again.',
  });
}
