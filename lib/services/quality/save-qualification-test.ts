import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { qualificationSpecSchema } from '#lib/domain/quality/qualification';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const saveQualificationTestInput = z.strictObject({
  projectId: z.uuid(),
  spec: qualificationSpecSchema,
  /** Tasks of purpose QUALIFICATION (promote-gold makes them), in the order of the test. */
  taskIds: z.array(z.uuid()).min(1, 'A test needs a task.').max(200),
});

/** A new version of the test; who runs an attempt finishes it by the old one. Needs quality.manage. */
export async function saveQualificationTest(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof saveQualificationTestInput>,
): Promise<{ testId: string; version: number }> {
  const { projectId, spec, taskIds } = saveQualificationTestInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  return deps.db.$transaction(async (tx) => {
    await tx.$queryRaw`select 1 from "Project" where "id" = ${projectId} for no key update`;
    const known = await tx.task.findMany({
      where: { id: { in: taskIds }, projectId, purpose: 'QUALIFICATION', onlyUserId: null },
      select: { id: true },
    });
    const unknown = taskIds.filter((id) => !known.some((task) => task.id === id));
    if (unknown.length > 0)
      throw new AppError('BAD_INPUT', 'These are no tasks for a test of this project.', { details: { taskIds: unknown } });
    const last = await tx.qualificationTest.findFirst({ where: { projectId }, orderBy: { version: 'desc' }, select: { version: true } });
    const version = (last?.version ?? 0) + 1;
    const { id: testId } = await tx.qualificationTest.create({
      data: { projectId, version, spec, taskIds, createdById: actor.kind === 'user' ? actor.userId : null, createdAt: deps.clock.now() },
    });
    return { testId, version };
  });
}
