import { z } from 'zod';
import type { TaskKind } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { questionOf } from './question-of';

export const listGoldCandidatesInput = z.strictObject({ projectId: z.uuid() });

export interface GoldCandidate {
  readonly taskId: string;
  readonly kind: TaskKind;
  readonly question: string;
  /** Why the reviewer decided so. */
  readonly reason: string;
  /** People whose labels the decision settled. */
  readonly labels: number;
  readonly decidedAt: Date;
}

/** Tasks that a reviewer decided and that are no gold yet, the newest first. Needs quality.manage. */
export async function listGoldCandidates(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listGoldCandidatesInput>,
): Promise<readonly GoldCandidate[]> {
  const { projectId } = listGoldCandidatesInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.manage');
  const rows = await deps.db.$queryRaw<(Omit<GoldCandidate, 'question'> & { messages: unknown })[]>`
    select * from (
      select distinct on (r."taskId") r."taskId", t."kind"::text as "kind", p."messages", coalesce(r."reason", '') as "reason", r."decidedAt",
        (select count(*)::int from "Slot" s where s."taskId" = t."id" and s."liveAnnotationId" is not null) as "labels"
      from "Review" r join "Task" t on t."id" = r."taskId" join "Prompt" p on p."id" = t."promptId"
      where r."projectId" = ${projectId} and r."decidedAt" is not null and t."kind" not in ('DEMONSTRATION', 'CORRECTION', 'CHAT')
        and not exists (select 1 from "Task" g join "GoldAnswer" a on a."taskId" = g."id"
          where g."sourceTaskId" = t."id" and g."onlyUserId" is null and a."retiredAt" is null)
      order by r."taskId", r."decidedAt" desc) d
    order by d."decidedAt" desc limit 50`;
  return rows.map(({ messages, ...row }) => ({ ...row, question: questionOf(messages) }));
}
