import { isDeepStrictEqual } from 'node:util';
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
  /** What the person saw in these places. Given, nothing is saved where somebody else changed one of them meanwhile. */
  basedOn: changes.optional(),
});

/**
 * Changes how a project hands out its work from now on. Overlap and adaptive overlap hold for tasks that are made, or labelled, from now on.
 * Needs labeling.manage.
 * @throws AppError BAD_INPUT naming the key; CONFLICT naming the keys that are no longer as `basedOn` says
 */
export async function saveLabelingPolicy(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof saveLabelingPolicyInput>,
): Promise<LabelingPolicy> {
  const { projectId, policy, basedOn } = saveLabelingPolicyInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.manage');
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const project = await tx.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
    const now = parseLabelingPolicy(project.labelingPolicy);
    const moved = basedOn === undefined ? [] : differing(basedOn, now);
    if (moved.length > 0) throw changedMeanwhile(moved);
    const changed = labelingPolicySchema.safeParse(merge(now, policy));
    if (!changed.success) throw wrongKey(changed.error);
    await tx.project.update({ where: { id: projectId }, data: { labelingPolicy: changed.data } });
    return changed.data;
  });
}

/** Groups are joined key by key, at every depth; all else takes the place of what stood there. */
function merge(now: object, policy: z.infer<typeof changes>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...now };
  for (const [key, value] of Object.entries(policy)) {
    const group = changes.safeParse(merged[key]);
    const part = changes.safeParse(value);
    merged[key] = group.success && part.success ? merge(group.data, part.data) : value;
  }
  return merged;
}

/** Paths of the values in `seen` that are others in `now`. */
function differing(seen: z.infer<typeof changes>, now: Readonly<Record<string, unknown>>, path: readonly string[] = []): string[] {
  return Object.entries(seen).flatMap(([key, value]) => {
    const here = [...path, key];
    const [part, group] = [changes.safeParse(value), changes.safeParse(now[key])];
    if (part.success && group.success) return differing(part.data, group.data, here);
    return isDeepStrictEqual(value, now[key]) ? [] : [here.join('.')];
  });
}

function changedMeanwhile(fields: readonly string[]): AppError {
  return new AppError('CONFLICT', `Somebody else changed this of the labeling policy meanwhile: ${fields.join(', ')}.`, {
    details: { fields },
    remedy: 'Look at what stands there now, then save again.',
  });
}

function wrongKey(error: z.ZodError): AppError {
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  const field = [...(issue?.path ?? []), ...unknown].join('.');
  return new AppError('BAD_INPUT', `The labeling policy cannot be so: ${field}: ${issue?.message ?? ''}.`, { details: { field } });
}
