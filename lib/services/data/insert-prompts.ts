import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
import { canonicalJson, saltedHash } from '#lib/domain/canonical-json';
import type { Message } from '#lib/domain/prompts';
import type { Split } from '#lib/domain/splits';

/** A prompt as a file gives it. */
interface ReadPrompt {
  readonly messages: readonly Message[];
  readonly contentHash: string;
  readonly splitKey: string;
}

/** The splits that prompts of these keys have in the project already: they keep them. */
export async function knownSplits(tx: Tx, projectId: string, rows: readonly ReadPrompt[]): Promise<Map<string, Split>> {
  const keys = rows.map(({ splitKey }) => splitKey);
  const found = await tx.$queryRaw<{ splitKey: string; split: Split }[]>`
    select distinct p."splitKey", p."split"::text as "split"
    from "Prompt" p join "Dataset" d on d."id" = p."datasetId"
    where d."projectId" = ${projectId} and p."splitKey" = any(${keys}::text[])`;
  return new Map(found.map(({ splitKey, split }) => [splitKey, split]));
}

export function newPrompt({ messages, contentHash, splitKey }: ReadPrompt, split: Split, ordinal: number) {
  const salt = randomBytes(16).toString('hex');
  return { id: randomUUID(), messages, contentHash, salt, saltedHash: saltedHash(salt, canonicalJson(messages)), splitKey, split, ordinal };
}

/** One parameter for the whole batch: many times faster than a row of parameters for each prompt. */
export async function insertPrompts(tx: Tx, datasetId: string, prompts: readonly ReturnType<typeof newPrompt>[]): Promise<void> {
  await tx.$executeRaw`
    insert into "Prompt" ("id", "datasetId", "messages", "contentHash", "salt", "saltedHash", "splitKey", "split", "ordinal")
    select "id", ${datasetId}, "messages", "contentHash", "salt", "saltedHash", "splitKey", "split"::"Split", "ordinal"
    from json_to_recordset(${JSON.stringify(prompts)}::json) as row(
      "id" text, "messages" jsonb, "contentHash" text, "salt" text, "saltedHash" text, "splitKey" text, "split" text, "ordinal" int)`;
}
