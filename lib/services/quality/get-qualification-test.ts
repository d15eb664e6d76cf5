import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { type QualificationSpec, qualificationSpecSchema } from '#lib/domain/quality/qualification';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const getQualificationTestInput = z.strictObject({ projectId: z.uuid() });

export interface QualificationTestView {
  /** Null: no test was made yet; `spec` holds what a new one begins with. */
  readonly version: number | null;
  readonly spec: QualificationSpec;
  readonly taskIds: readonly string[];
  readonly attempts: { readonly running: number; readonly waiting: number; readonly passed: number; readonly failed: number };
}

/** The test as it stands now. Needs quality.manage. */
export async function getQualificationTest(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof getQualificationTestInput>,
): Promise<QualificationTestView> {
  const { projectId } = getQualificationTestInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  const test = await deps.db.qualificationTest.findFirst({ where: { projectId }, orderBy: { version: 'desc' } });
  const states = await deps.db.qualificationAttempt.groupBy({ by: ['state'], where: { projectId }, _count: true });
  const count = (state: string) => states.find((row) => row.state === state)?._count ?? 0;
  return {
    version: test?.version ?? null,
    spec: qualificationSpecSchema.parse(test?.spec ?? {}),
    taskIds: test?.taskIds ?? [],
    attempts: { running: count('RUNNING'), waiting: count('WAITING'), passed: count('PASSED'), failed: count('FAILED') },
  };
}
