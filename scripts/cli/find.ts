/** Names or ids, as people write them, to the rows they mean. */
import { z } from 'zod';
import { AppError } from '#lib/errors';
import { listDatasets } from '#lib/services/data/list-datasets';
import { listLoops } from '#lib/services/loops/list-loops';
import { listModels } from '#lib/services/models/list-models';
import { getProject } from '#lib/services/projects/get-project';
import { listProjects } from '#lib/services/projects/list-projects';
import type { Installation } from './installation';
import { plain } from './terminal';

const uuid = z.uuid();

interface Named {
  readonly id: string;
  readonly name: string;
}

function isId(value: string): boolean {
  return uuid.safeParse(value).success;
}

/** @throws AppError BAD_INPUT where it is no id */
export function requireId(what: string, value: string): string {
  if (isId(value)) return value;
  throw new AppError('BAD_INPUT', `"${value}" is not the id of a ${what}.`, {
    remedy: 'An id looks like 3f0c8a52-9d0e-4c57-8a4e-0b8f7b1c2d3e.',
  });
}

function choose<T extends Named>(what: string, wanted: string, there: readonly T[], make: string): T {
  const found = there.find((each) => each.id === wanted) ?? there.find((each) => each.name === wanted);
  if (found !== undefined) return found;
  throw new AppError('NOT_FOUND', `The project has no ${what} "${wanted}".`, { remedy: thereAre(there, make) });
}

function thereAre(there: readonly Named[], make: string): string {
  if (there.length === 0) return `There is none yet. ${make}`;
  const shown = there.slice(0, 10).map(({ name }) => `"${plain(name)}"`);
  return `There are: ${shown.join(', ')}${there.length > shown.length ? ` and ${there.length - shown.length} more` : ''}.`;
}

export async function findProject({ deps, actor }: Installation, slugOrId: string): Promise<{ id: string; slug: string; name: string }> {
  try {
    return await getProject(deps, actor, isId(slugOrId) ? { projectId: slugOrId } : { slug: slugOrId.slice(0, 100) });
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NOT_FOUND')) throw error;
    const there = await listProjects(deps, actor);
    throw new AppError('NOT_FOUND', `There is no project "${slugOrId}".`, {
      remedy: thereAre(
        there.map(({ id, slug }) => ({ id, name: slug })),
        'Make one: plumbline projects create --name NAME.',
      ),
    });
  }
}

export async function findModel({ deps, actor }: Installation, projectId: string, nameOrId: string): Promise<Named> {
  return choose('model', nameOrId, await listModels(deps, actor, { projectId }), 'Import one: plumbline models import DIR.');
}

export async function findDataset({ deps, actor }: Installation, projectId: string, nameOrId: string): Promise<Named> {
  return choose('dataset', nameOrId, await listDatasets(deps, actor, { projectId }), 'Import one: plumbline data import FILE.');
}

/** A loop by id, or by a name that only one project has, or that the given project has. */
export async function findLoop(installation: Installation, nameOrId: string, projectSlugOrId?: string): Promise<Named> {
  if (isId(nameOrId)) return { id: nameOrId, name: nameOrId };
  const { deps, actor } = installation;
  if (projectSlugOrId !== undefined) {
    const { id: projectId } = await findProject(installation, projectSlugOrId);
    return choose('loop', nameOrId, await listLoops(deps, actor, { projectId }), 'Make one: plumbline loop create.');
  }
  const projects = await listProjects(deps, actor);
  const loops: (Named & { slug: string })[] = [];
  for (const { id: projectId, slug } of projects) {
    for (const { id, name } of await listLoops(deps, actor, { projectId })) loops.push({ id, name, slug });
  }
  const found = loops.filter(({ name }) => name === nameOrId);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) {
    throw new AppError('NOT_FOUND', `There is no loop "${nameOrId}".`, { remedy: thereAre(loops, 'Make one: plumbline loop create.') });
  }
  throw new AppError('BAD_INPUT', `${found.length} projects have a loop "${nameOrId}": ${found.map(({ slug }) => slug).join(', ')}.`, {
    remedy: 'Say which with --project.',
  });
}
