import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { parseQualityPolicy, type QualityPolicy } from '#lib/domain/quality/quality-policy';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getQualityPolicyInput = z.strictObject({ projectId: z.uuid() });

/** How the labels of a project are checked. Annotators do not read it. Needs quality.read. */
export async function getQualityPolicy(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getQualityPolicyInput>,
): Promise<QualityPolicy> {
  const { projectId } = getQualityPolicyInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.read');
  const project = await deps.db.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
  return parseQualityPolicy(project.labelingPolicy);
}
