import type { Tx } from '#lib/db/create-db';
import type { TaskKind } from '#lib/domain/forms';
import { type LabelingPolicy, parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { AppError } from '#lib/errors';
import type { TaskRow } from '#lib/formats/tasks-jsonl';
import { type CurrentForm, ensureForm } from '#lib/services/forms/ensure-form';

/** What the rows of a file call by name, as far as the project has it. */
export interface Names {
  readonly guidelineId: string;
  readonly policy: LabelingPolicy;
  readonly forms: ReadonlyMap<TaskKind, CurrentForm>;
  readonly models: ReadonlyMap<string, string>;
  /** By email (lower case), pseudonym and id. */
  readonly members: ReadonlyMap<string, string>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly knownKeys: ReadonlySet<string>;
}

interface Pool {
  readonly id: string;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
}

/** Makes what may be made on the way: a form of each kind, and the pools that a row describes. */
export async function loadNames(tx: Tx, projectId: string, rows: readonly TaskRow[]): Promise<Names> {
  const project = await tx.project.findUniqueOrThrow({
    where: { id: projectId },
    select: { labelingPolicy: true, guidelines: { orderBy: { version: 'desc' }, take: 1, select: { id: true } } },
  });
  const [guideline] = project.guidelines;
  if (!guideline) {
    throw new AppError('PRECONDITION', 'The project has no guideline yet, so nobody can be asked to annotate.', {
      remedy: 'Write one in the settings of the project, then import again.',
    });
  }
  const forms = new Map<TaskKind, CurrentForm>();
  for (const kind of new Set(rows.map((row) => row.kind))) forms.set(kind, await ensureForm(tx, projectId, kind));
  return {
    guidelineId: guideline.id,
    policy: parseLabelingPolicy(project.labelingPolicy),
    forms,
    models: await loadModels(tx, projectId),
    members: await loadMembers(tx, projectId, rows),
    pools: await loadPools(tx, projectId, rows),
    knownKeys: await loadKnownKeys(tx, projectId, rows),
  };
}

async function loadModels(tx: Tx, projectId: string): Promise<Map<string, string>> {
  const models = await tx.modelVersion.findMany({ where: { projectId, kind: 'POLICY' }, select: { id: true, name: true } });
  return new Map(models.map(({ id, name }) => [name, id]));
}

async function loadMembers(tx: Tx, projectId: string, rows: readonly TaskRow[]): Promise<Map<string, string>> {
  if (!rows.some(({ responses }) => responses.some(({ author }) => author !== undefined))) return new Map();
  const members = await tx.membership.findMany({
    where: { projectId },
    select: { userId: true, pseudonym: true, user: { select: { email: true } } },
  });
  return new Map(
    members.flatMap(({ userId, pseudonym, user }) => [user.email.toLowerCase(), pseudonym, userId].map((called) => [called, userId])),
  );
}

/** The pool of a row: the one it names, or one for the skills and the language that it asks for. */
export function poolNameOf({ pool, skills, languages }: Pick<TaskRow, 'pool' | 'skills' | 'languages'>): string | null {
  return pool ?? ([...skills, ...languages].join(' · ') || null);
}

async function loadPools(tx: Tx, projectId: string, rows: readonly TaskRow[]): Promise<Map<string, Pool>> {
  const described = new Map<string, { projectId: string; name: string; skills: string[]; languages: string[] }>();
  for (const row of rows) {
    const name = poolNameOf(row);
    const describes = row.skills.length + row.languages.length > 0;
    if (name !== null && describes && !described.has(name)) {
      described.set(name, { projectId, name, skills: [...row.skills], languages: [...row.languages] });
    }
  }
  if (described.size > 0) await tx.taskPool.createMany({ data: [...described.values()], skipDuplicates: true });
  const pools = await tx.taskPool.findMany({ where: { projectId }, select: { id: true, name: true, skills: true, languages: true } });
  return new Map(pools.map(({ name, ...pool }) => [name, pool]));
}

async function loadKnownKeys(tx: Tx, projectId: string, rows: readonly TaskRow[]): Promise<Set<string>> {
  const keys = rows.map(({ key }) => key).filter((key) => key !== null);
  if (keys.length === 0) return new Set();
  const found = await tx.$queryRaw<{ key: string }[]>`
    select "key" from "Task" where "projectId" = ${projectId} and "key" is not null and "key" = any(${keys}::text[])`;
  return new Set(found.map(({ key }) => key));
}
