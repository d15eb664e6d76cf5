import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type LabelingPolicy, parseLabelingPolicy } from '#lib/domain/labeling-policy';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getLabelingPolicyInput = z.strictObject({ projectId: z.uuid() });

/** How a project hands out its work, defaults filled in. Needs labeling.manage. */
export async function getLabelingPolicy(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getLabelingPolicyInput>,
): Promise<LabelingPolicy> {
  const { projectId } = getLabelingPolicyInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  const project = await deps.db.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
  return parseLabelingPolicy(project.labelingPolicy);
}
