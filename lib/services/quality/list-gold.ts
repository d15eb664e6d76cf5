import { z } from 'zod';
import type { TaskKind } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { questionOf } from './question-of';

export const listGoldInput = z.strictObject({ projectId: z.uuid() });

export interface GoldView {
  readonly taskId: string;
  readonly purpose: 'GOLD' | 'TRAINING' | 'QUALIFICATION';
  readonly kind: TaskKind;
  readonly question: string;
  readonly explanation: string;
  /** People who were given it. */
  readonly exposures: number;
  readonly maxExposures: number;
  /** Share of people who passed. Low: perhaps the known answer is wrong. */
  readonly passed: Estimate;
  readonly retiredAt: Date | null;
  readonly createdAt: Date;
}

/** The tasks with a known answer, newest first. Needs quality.manage: who is given gold must not read it. */
export async function listGold(deps: Pick<Deps, 'db'>, actor: Actor, input: z.input<typeof listGoldInput>): Promise<readonly GoldView[]> {
  const { projectId } = listGoldInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  const project = await deps.db.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
  const { gold } = parseQualityPolicy(project.labelingPolicy);
  const rows = await deps.db.$queryRaw<(Omit<GoldView, 'question' | 'passed' | 'maxExposures'> & Counted)[]>`
    select t."id" as "taskId", t."purpose"::text as "purpose", t."kind"::text as "kind", p."messages", g."explanation", g."maxExposures",
      g."retiredAt", g."createdAt",
      (select count(*)::int from "Slot" s where s."taskId" = t."id" and s."annotatorId" is not null) as "exposures",
      (select count(*)::int from "AnnotationCheck" c where c."taskId" = t."id" and c."voidedAt" is null) as "checked",
      (select count(*)::int from "AnnotationCheck" c where c."taskId" = t."id" and c."voidedAt" is null and c."passed") as "right"
    from "GoldAnswer" g join "Task" t on t."id" = g."taskId" join "Prompt" p on p."id" = t."promptId"
    where t."projectId" = ${projectId} and t."onlyUserId" is null
    order by g."createdAt" desc, t."id"
    limit 500`;
  return rows.map(({ messages, checked, right, maxExposures, ...row }) => ({
    ...row,
    question: questionOf(messages),
    maxExposures: maxExposures ?? gold.maxExposures,
    passed: wilsonInterval(right, checked),
  }));
}

interface Counted {
  readonly messages: unknown;
  readonly checked: number;
  readonly right: number;
  readonly maxExposures: number | null;
}
