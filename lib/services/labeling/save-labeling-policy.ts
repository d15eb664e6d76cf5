import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type LabelingPolicy, labelingPolicySchema, parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

const changes = z.record(z.string(), z.json());
export const saveLabelingPolicyInput = z.strictObject({
  projectId: z.uuid(),
  /** Only what changes; of a group such as `adaptive` only the keys that change. */
  policy: changes,
});

/**
 * Changes how a project hands out its work from now on. Overlap and adaptive overlap hold for tasks that are made, or labelled, from now on.
 * Needs labeling.manage.
 * @throws AppError BAD_INPUT naming the key
 */
export async function saveLabelingPolicy(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof saveLabelingPolicyInput>,
): Promise<LabelingPolicy> {
  const { projectId, policy } = saveLabelingPolicyInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
    const changed = labelingPolicySchema.safeParse(merge(parseLabelingPolicy(project.labelingPolicy), policy));
    if (!changed.success) throw wrongKey(changed.error);
    await tx.project.update({ where: { id: projectId }, data: { labelingPolicy: changed.data } });
    return changed.data;
  });
}

function merge(now: LabelingPolicy, policy: z.infer<typeof changes>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...now };
  for (const [key, value] of Object.entries(policy)) {
    const group = changes.safeParse(merged[key]);
    const part = changes.safeParse(value);
    merged[key] = group.success && part.success ? { ...group.data, ...part.data } : value;
  }
  return merged;
}

function wrongKey(error: z.ZodError): AppError {
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = [...(issue?.path ?? []), ...unknown].join('.');
  return new AppError('BAD_INPUT', `The labeling policy cannot be so: ${field}: ${issue?.message ?? ''}.`, { details: { field } });
}
