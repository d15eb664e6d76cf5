import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getProjectOverviewInput = z.strictObject({ projectId: z.uuid() });

export interface ProjectOverview {
  readonly members: number;
  readonly annotators: number;
  readonly datasets: number;
  readonly prompts: number;
  readonly responses: number;
  readonly annotations: number;
  readonly models: number;
  readonly loops: number;
  readonly snapshots: number;
}

/** What a project holds, in numbers. Needs dataset.read: annotators are told nothing of models and others' labels. */
export async function getProjectOverview(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getProjectOverviewInput>,
): Promise<ProjectOverview> {
  const { projectId } = getProjectOverviewInput.parse(input);
  await authorise(deps, actor, projectId, 'dataset.read');
  const { db } = deps;
  const [members, annotators, datasets, prompts, responses, annotations, models, loops, snapshots] = await Promise.all([
    db.membership.count({ where: { projectId } }),
    db.membership.count({ where: { projectId, roles: { has: 'ANNOTATOR' } } }),
    db.dataset.count({ where: { projectId } }),
    db.prompt.count({ where: { dataset: { projectId } } }),
    db.response.count({ where: { prompt: { dataset: { projectId } } } }),
    db.slot.count({ where: { projectId, liveAnnotationId: { not: null } } }),
    db.modelVersion.count({ where: { projectId } }),
    db.loop.count({ where: { projectId } }),
    db.snapshot.count({ where: { projectId } }),
  ]);
  return { members, annotators, datasets, prompts, responses, annotations, models, loops, snapshots };
}
