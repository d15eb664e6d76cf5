import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { canonicalJson, saltedHash, sha256Hex } from '#lib/domain/canonical-json';
import { messagesSchema, promptText } from '#lib/domain/prompts';
import type { RankedPrompt } from '#lib/domain/ranked-prompt';
import { parseSnapshot, type SnapshotRecord } from '#lib/domain/snapshot';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const loadSnapshotDataInput = z.strictObject({ snapshotId: z.uuid() });

/**
 * The frozen rankings with the texts they are about, one entry a prompt, in the order of the snapshot. Read from the
 * snapshot's own bytes, not from today's rows; a text that is not the one that was judged stops it. A prompt that was
 * ranked in several rounds has the responses of all of them; a ranking says null of those it was not about.
 * @throws AppError INVARIANT where bytes and hash, or a text and its hash, do not fit
 */
export async function loadSnapshotData(
  deps: Pick<Deps, 'db' | 'blobs'>,
  actor: Actor,
  input: z.input<typeof loadSnapshotDataInput>,
): Promise<readonly RankedPrompt[]> {
  const { snapshotId } = loadSnapshotDataInput.parse(input);
  const snapshot = await deps.db.snapshot.findUnique({
    where: { id: snapshotId },
    select: { projectId: true, hash: true, artifact: true },
  });
  if (!snapshot) throw new AppError('NOT_FOUND', 'There is no such snapshot.', { details: { snapshotId } });
  await authorise(deps, actor, snapshot.projectId, 'snapshot.read');
  const bytes = await deps.blobs.readBytes(snapshot.artifact);
  if (sha256Hex(bytes) !== snapshot.hash) throw broken(`The bytes of snapshot ${snapshotId} do not have its hash.`);
  const byPrompt = new Map<string, SnapshotRecord[]>();
  for (const record of parseSnapshot(bytes)) {
    const group = byPrompt.get(record.prompt.id);
    if (group) group.push(record);
    else byPrompt.set(record.prompt.id, [record]);
  }
  const texts = await loadTexts(deps, byPrompt);
  return [...byPrompt].map(([promptId, records]) => rankedPrompt(promptId, records, texts));
}

type Texts = Awaited<ReturnType<typeof loadTexts>>;

async function loadTexts({ db }: Pick<Deps, 'db'>, byPrompt: ReadonlyMap<string, readonly SnapshotRecord[]>) {
  const promptIds = [...byPrompt.keys()];
  const responseIds = [...new Set([...byPrompt.values()].flat().flatMap(({ responses }) => responses.map(({ id }) => id)))];
  const prompts = await inBatches(promptIds, (ids) =>
    db.prompt.findMany({ where: { id: { in: ids } }, select: { id: true, messages: true, salt: true } }),
  );
  const responses = await inBatches(responseIds, (ids) =>
    db.response.findMany({ where: { id: { in: ids } }, select: { id: true, text: true, tokenIds: true, salt: true } }),
  );
  return { prompts: new Map(prompts.map((row) => [row.id, row])), responses: new Map(responses.map((row) => [row.id, row])) };
}

/** PostgreSQL takes 65,535 parameters at most. */
async function inBatches<T>(ids: readonly string[], load: (ids: string[]) => Promise<T[]>): Promise<T[]> {
  const rows: T[] = [];
  for (let start = 0; start < ids.length; start += 10_000) rows.push(...(await load(ids.slice(start, start + 10_000))));
  return rows;
}

function rankedPrompt(promptId: string, records: readonly SnapshotRecord[], texts: Texts): RankedPrompt {
  const prompt = texts.prompts.get(promptId);
  const first = records[0];
  const promptHash = prompt && saltedHash(prompt.salt, canonicalJson(prompt.messages));
  if (!prompt || !first || records.some((record) => record.prompt.hash !== promptHash)) {
    throw broken(`Prompt ${promptId} is no longer the one that was judged.`);
  }
  const judged = new Map(records.flatMap((record) => record.responses.map(({ id, hash }) => [id, hash] as const)));
  const responses = [...judged].map(([id, hash]) => {
    const response = texts.responses.get(id);
    if (!response || saltedHash(response.salt, response.text) !== hash)
      throw broken(`Response ${id} is no longer the one that was judged.`);
    return { id, text: response.text, tokenIds: response.tokenIds };
  });
  return {
    promptId,
    promptText: promptText(messagesSchema.parse(prompt.messages)),
    split: first.split,
    responses,
    rankings: records.map((record) => {
      const ranks = new Map(record.responses.map(({ id, rank }) => [id, rank]));
      const places = new Map(record.displayOrder.map((id, place) => [id, place]));
      return {
        annotator: record.annotator,
        ranks: responses.map(({ id }) => ranks.get(id) ?? null),
        shown: responses.map(({ id }) => places.get(id) ?? null),
      };
    }),
  };
}

function broken(message: string): AppError {
  return new AppError('INVARIANT', message, {
    remedy: 'Restore the data folder and the database from one backup, or freeze a new snapshot.',
  });
}
