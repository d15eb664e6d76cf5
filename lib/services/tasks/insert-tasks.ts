import { randomBytes, randomUUID } from 'node:crypto';
import type { Tx } from '#lib/db/create-db';
import { saltedHash } from '#lib/domain/canonical-json';
import type { ResolvedRow } from './resolve-rows';

export interface NewTask extends ResolvedRow {
  readonly promptId: string;
}

interface Into {
  readonly projectId: string;
  readonly guidelineId: string;
  readonly createdById: string | null;
  readonly now: Date;
}

const batchSize = 1000;

/** Tasks with their answers and slots in the order given; one statement a table and batch, each with one parameter of JSON. */
export async function insertTasks(tx: Tx, into: Into, tasks: readonly NewTask[]): Promise<void> {
  for (let start = 0; start < tasks.length; start += batchSize) {
    const batch = tasks.slice(start, start + batchSize).map((task, index) => ({
      ...task,
      id: randomUUID(),
      ordinal: start + index,
      answers: task.responses.map((response, position) => newResponse(task.promptId, response, position)),
    }));
    await insertResponses(tx, into, batch);
    await insertTaskRows(tx, into, batch);
    await insertGold(tx, into, batch);
  }
}

type Batch = readonly (NewTask & { readonly id: string; readonly ordinal: number; readonly answers: readonly NewResponse[] })[];
type NewResponse = ReturnType<typeof newResponse>;

function newResponse(promptId: string, { text, modelVersionId, modelName }: NewTask['responses'][number], position: number) {
  const salt = randomBytes(16).toString('hex');
  // A model that the project does not know is kept by the name it came with.
  const sampling = modelVersionId === null && modelName !== null ? { importedModel: modelName } : null;
  return { id: randomUUID(), promptId, text, salt, saltedHash: saltedHash(salt, text), modelVersionId, sampling, position };
}

async function insertResponses(tx: Tx, { now }: Into, batch: Batch): Promise<void> {
  await tx.$executeRaw`
    insert into "Response" ("id", "promptId", "origin", "text", "salt", "saltedHash", "modelVersionId", "sampling", "createdAt")
    select "id", "promptId", 'IMPORT', "text", "salt", "saltedHash", "modelVersionId", "sampling", ${now}::timestamp
    from json_to_recordset(${JSON.stringify(batch.flatMap(({ answers }) => answers))}::json) as row(
      "id" text, "promptId" text, "text" text, "salt" text, "saltedHash" text, "modelVersionId" text, "sampling" jsonb)`;
}

async function insertTaskRows(tx: Tx, { projectId, guidelineId, now }: Into, batch: Batch): Promise<void> {
  const rows = batch.map(({ answers, messages, responses, gold, contentHash, splitKey, ...row }) => row);
  await tx.$executeRaw`
    insert into "Task" ("id", "projectId", "promptId", "kind", "purpose", "guidelineId", "formVersionId", "priority", "poolId", "spec",
      "contentFlags", "authorIds", "key", "createdAt")
    select "id", ${projectId}, "promptId", "kind"::"TaskKind", "purpose"::"TaskPurpose", ${guidelineId}, "formVersionId", "priority", "poolId",
      "spec", "contentFlags", "authorIds", "key", ${now}::timestamp
    from json_to_recordset(${JSON.stringify(rows)}::json) as row(
      "id" text, "promptId" text, "kind" text, "purpose" text, "formVersionId" text, "priority" int, "poolId" text, "spec" jsonb,
      "contentFlags" text[], "authorIds" text[], "key" text)`;
  const shown = batch.flatMap(({ id, answers }) =>
    answers.map((answer) => ({ taskId: id, responseId: answer.id, position: answer.position })),
  );
  await tx.$executeRaw`
    insert into "TaskResponse" ("taskId", "responseId", "position")
    select "taskId", "responseId", "position"
    from json_to_recordset(${JSON.stringify(shown)}::json) as row("taskId" text, "responseId" text, "position" int)`;
  const wanted = batch.map(({ id, ordinal, slots, priority }) => ({ id, ordinal, slots, priority }));
  await tx.$executeRaw`
    insert into "Slot" ("id", "taskId", "projectId", "ordinal", "priority", "updatedAt")
    select gen_random_uuid()::text, row."id", ${projectId}, n, row."priority", ${now}::timestamp
    from json_to_recordset(${JSON.stringify(wanted)}::json) as row("id" text, "ordinal" int, "slots" int, "priority" int),
      generate_series(0, row."slots" - 1) n
    order by row."ordinal", n`;
}

async function insertGold(tx: Tx, { createdById, now }: Into, batch: Batch): Promise<void> {
  const rows = batch.flatMap(({ id, gold, answers }) =>
    gold ? [{ taskId: id, content: withIds(gold.content, answers), explanation: gold.explanation }] : [],
  );
  if (rows.length === 0) return;
  await tx.goldAnswer.createMany({ data: rows.map((row) => ({ ...row, createdById, createdAt: now })) });
}

/** The answer with the ids of the responses in place of their numbers. */
function withIds(content: NonNullable<ResolvedRow['gold']>['content'], answers: readonly NewResponse[]) {
  const idOf = (number: string) => answers[Number(number) - 1]?.id ?? number;
  const keyed = (record: Readonly<Record<string, unknown>> | undefined) =>
    record && Object.fromEntries(Object.entries(record).map(([number, value]) => [idOf(number), value]));
  const { ranks, aside, ratings, flags, spans, correction } = content;
  return JSON.parse(
    JSON.stringify({
      ...content,
      ranks: keyed(ranks),
      aside: aside?.map(idOf).sort(),
      ratings: keyed(ratings),
      flags: keyed(flags),
      spans: keyed(spans),
      correction: correction && { ...correction, responseId: idOf(correction.responseId) },
    }),
  );
}
