import pg from 'pg';

export interface ScaleShape {
  readonly tasks: number;
  /** People who have each labelled one task in twenty (50,000 of a million), the tasks that come first to them. */
  readonly heavy: number;
  readonly fresh: number;
}

/** Shares of the tasks by pool: everybody's, two skills, a language. */
const pools = [
  { name: 'everybody', skills: [], languages: [] },
  { name: 'medicine', skills: ['medicine'], languages: [] },
  { name: 'law', skills: ['law'], languages: [] },
  { name: 'chinese', skills: [], languages: ['zh'] },
] as const;

const doneShare = 0.05;

/**
 * A project of `tasks` tasks in four pools, written by SQL: one in ten leased by somebody who never came back; each heavy annotator has filled one
 * of the two slots of a twentieth of all tasks, the first of the queue, so that every one of them still lies open to others.
 * Triggers and foreign keys are off while it is written, as in a restore; what they would have filled in is written here.
 */
export async function writeScaleProject(url: string, shape: ScaleShape): Promise<{ projectId: string; heavy: string[]; fresh: string[] }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '256MB'`);
    const projectId = await writeProject(client);
    const gone = await writePeople(client, projectId, 'gone', 20);
    const fresh = await writePeople(client, projectId, 'fresh', shape.fresh);
    const heavy = await writePeople(client, projectId, 'heavy', shape.heavy);
    await withoutIndexes(client, async () => {
      await writeTasks(client, projectId, shape.tasks);
      await writeSlots(client, projectId, shape, heavy, gone);
      await writePast(client, projectId);
    });
    await client.query('vacuum (analyze) "Slot", "Task", "Assignment", "TaskResponse", "Annotation"');
    return { projectId, heavy, fresh };
  } finally {
    await client.end();
  }
}

/** Builds the indexes of the large tables once all rows are there, as a restore does: several times faster than row by row. */
async function withoutIndexes(client: pg.Client, write: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(`
    select i.indexname as "name", i.indexdef as "definition" from pg_indexes i
    where i.tablename in ('Task', 'Slot', 'TaskResponse', 'Assignment', 'Annotation')
      and not exists (select 1 from pg_constraint c where c.conname = i.indexname)`);
  for (const { name } of rows) await client.query(`drop index ${client.escapeIdentifier(name)}`);
  await write();
  for (const { definition } of rows) await client.query(definition);
}

async function writeProject(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>(`
    insert into "Project" ("id", "slug", "name") values (gen_random_uuid(), 'scale', 'Scale') returning "id"`);
  const projectId = rows[0]?.id ?? '';
  await client.query(
    `insert into "Guideline" ("id", "projectId", "version", "text", "contentHash") values (gen_random_uuid(), $1, 1, 'Best first.', 'g')`,
    [projectId],
  );
  await client.query(
    `insert into "FormVersion" ("id", "projectId", "version", "kind", "spec", "contentHash")
      values (gen_random_uuid(), $1, 1, 'RANKING', '{"kind":"RANKING","ties":true,"aside":true}', 'f')`,
    [projectId],
  );
  await client.query(`insert into "Dataset" ("id", "projectId", "name") values (gen_random_uuid(), $1, 'prompts')`, [projectId]);
  // A thousand prompts of two answers each are shared by the tasks: how many texts there are is not what is measured.
  await client.query(`
    insert into "Prompt" ("id", "datasetId", "messages", "contentHash", "salt", "saltedHash", "splitKey", "split", "ordinal")
    select gen_random_uuid(), d."id", json_build_array(json_build_object('role', 'user', 'content', repeat('Why is the sky blue? ', 20) || n)),
      'p' || n, 's', 'h', 'k' || n, 'TRAIN', n from generate_series(1, 1000) n cross join "Dataset" d`);
  await client.query(`
    insert into "Response" ("id", "promptId", "origin", "text", "tokenIds", "salt", "saltedHash")
    select p."ordinal" || '-' || k, p."id", 'IMPORT', repeat('Because light is scattered. ', 30), '{}', 's', 'h'
    from "Prompt" p cross join generate_series(0, 1) k`);
  for (const { name, skills, languages } of pools) {
    await client.query(
      `insert into "TaskPool" ("id", "projectId", "name", "skills", "languages") values (gen_random_uuid(), $1, $2, $3, $4)`,
      [...[projectId, name], ...[skills, languages]],
    );
  }
  await client.query(`insert into "ClaimLane" ("projectId", "poolId") select "projectId", "id" from "TaskPool"`);
  return projectId;
}

/** Skills differ: one in three knows medicine, one law, one neither; every second reads Chinese. */
async function writePeople(client: pg.Client, projectId: string, name: string, count: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `insert into "User" ("id", "email", "name", "updatedAt") select gen_random_uuid(), $1 || n || '@example.org', $1 || n, now()
      from generate_series(1, $2::int) n returning "id"`,
    [name, count],
  );
  for (const [index, { id }] of rows.entries()) {
    const skills = [['medicine'], ['law'], []][index % 3];
    const languages = index % 2 === 0 ? ['en', 'zh'] : ['en'];
    await client.query(
      `insert into "Membership" ("projectId", "userId", "roles", "pseudonym", "skills", "languages")
        values ($1, $2, '{ANNOTATOR}', gen_random_uuid(), $3, $4)`,
      [projectId, id, skills, languages],
    );
  }
  return rows.map(({ id }) => id);
}

async function writeTasks(client: pg.Client, projectId: string, tasks: number): Promise<void> {
  await client.query(
    `insert into "Task" ("id", "projectId", "promptId", "kind", "purpose", "guidelineId", "formVersionId", "poolId")
      select gen_random_uuid(), $1, p."id", 'RANKING', 'LABELING', g."id", f."id", o."id"
      from generate_series(1, $2::int) n join "Prompt" p on p."ordinal" = 1 + n % 1000
      join (select "id", row_number() over (order by "name") as "place" from "TaskPool") o on o."place" = 1 + n % 4
      cross join "Guideline" g cross join "FormVersion" f`,
    [projectId, tasks],
  );
  await client.query(`
    insert into "TaskResponse" ("taskId", "responseId", "position")
    select t."id", p."ordinal" || '-' || k, k from "Task" t join "Prompt" p on p."id" = t."promptId" cross join generate_series(0, 1) k`);
}

async function writeSlots(client: pg.Client, projectId: string, shape: ScaleShape, heavy: string[], gone: string[]): Promise<void> {
  const done = Math.round(shape.tasks * doneShare);
  await client.query(
    `insert into "Slot" ("id", "taskId", "projectId", "ordinal", "poolId", "laneId", "state", "annotatorId", "leaseExpiresAt",
        "liveAnnotationId", "updatedAt")
      select gen_random_uuid(), t."id", $1, k, t."poolId", l."id",
        (case when k = 1 then 'FILLED' when "expired" then 'LEASED' else 'FREE' end)::"SlotState",
        case when k = 1 then ($2::text[])[1 + (t."n" - 1) / $4::int] when "expired" then ($3::text[])[1 + t."n" % cardinality($3)] end,
        case when k = 0 and "expired" then now() - interval '1 hour' - t."n" * interval '1 millisecond' end,
        case when k = 1 then gen_random_uuid() end, now()
      from (select *, row_number() over () as "n" from "Task") t
      join "ClaimLane" l on l."poolId" = t."poolId"
      cross join lateral (select t."n" % 10 = 0 as "expired") e
      cross join lateral generate_series(0, case when t."n" <= $4::int * cardinality($2::text[]) then 1 else 0 end) k
      order by t."n", k`,
    [projectId, heavy, gone, done],
  );
}

/** Assignments of what was done and of what was let lapse; the labels themselves; working days. */
async function writePast(client: pg.Client, projectId: string): Promise<void> {
  await client.query(`
    insert into "Assignment" ("id", "slotId", "taskId", "annotatorId", "displayOrder", "createdAt", "expiresAt", "submittedAt")
    select gen_random_uuid(), s."id", s."taskId", s."annotatorId", '{}', now() - interval '3 hours', coalesce(s."leaseExpiresAt", now()),
      case when s."state" = 'FILLED' then now() - interval '2 hours' end
    from "Slot" s where s."annotatorId" is not null`);
  await client.query(
    `insert into "Annotation" ("id", "taskId", "slotId", "annotatorId", "kind", "content", "contentHash", "schemaVersion", "guidelineId",
        "formVersionId", "displayOrder", "idempotencyKey", "activeMs", "createdAt")
      select s."liveAnnotationId", s."taskId", s."id", s."annotatorId", 'RANKING', '{}', 'h', 1, g."id", f."id", '{}', s."id", 1, now() - interval '2 hours'
      from "Slot" s cross join "Guideline" g cross join "FormVersion" f where s."state" = 'FILLED'`,
  );
  await client.query(
    `insert into "WorkDay" ("projectId", "userId", "day", "done")
      select $1, "annotatorId", now()::date, count(*) from "Slot" where "state" = 'FILLED' group by 2`,
    [projectId],
  );
}
