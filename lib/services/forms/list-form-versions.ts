import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type FormSpec, parseFormSpec, type TaskKind } from '#lib/domain/forms';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

const listFormVersionsInput = z.strictObject({ projectId: z.uuid() });

export interface FormVersionView {
  readonly kind: TaskKind;
  readonly version: number;
  readonly spec: FormSpec;
  /** Tasks that pin it. */
  readonly tasks: number;
  readonly createdBy: string | null;
  readonly createdAt: Date;
}

/** All versions of a project's forms, of each kind the newest first. Needs form.read. */
export async function listFormVersions(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listFormVersionsInput>,
): Promise<readonly FormVersionView[]> {
  const { projectId } = listFormVersionsInput.parse(input);
  await authorise(deps, actor, projectId, 'form.read');
  const versions = await deps.db.formVersion.findMany({
    where: { projectId },
    orderBy: [{ kind: 'asc' }, { version: 'desc' }],
    select: { kind: true, version: true, spec: true, createdById: true, createdAt: true, _count: { select: { tasks: true } } },
  });
  const authors = await deps.db.user.findMany({
    where: { id: { in: versions.map(({ createdById }) => createdById).filter((id) => id !== null) } },
    select: { id: true, name: true },
  });
  const nameOf = new Map(authors.map(({ id, name }) => [id, name]));
  return versions.map(({ kind, version, spec, createdById, createdAt, _count }) => ({
    kind,
    version,
    spec: parseFormSpec(spec),
    tasks: _count.tasks,
    createdBy: (createdById !== null && nameOf.get(createdById)) || null,
    createdAt,
  }));
}
