import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { parseQualityPolicy, type QualityPolicy, qualityPolicyShape } from '#lib/domain/quality/quality-policy';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const saveQualityPolicyInput = z.strictObject({ projectId: z.uuid(), policy: z.strictObject(qualityPolicyShape).partial() });

/** Changes how labels are checked from now on; keys that are not named keep their values. Needs quality.manage. */
export async function saveQualityPolicy(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof saveQualityPolicyInput>,
): Promise<QualityPolicy> {
  const { projectId, policy } = saveQualityPolicyInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
    const labelingPolicy = parseLabelingPolicy({ ...parseLabelingPolicy(project.labelingPolicy), ...policy });
    await tx.project.update({ where: { id: projectId }, data: { labelingPolicy } });
    return parseQualityPolicy(labelingPolicy);
  });
}
