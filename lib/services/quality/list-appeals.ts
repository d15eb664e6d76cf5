import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { reasonOfAttempt, reasonOfEvent, type StatedReason } from '#lib/domain/quality/stated-reason';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { personLabel } from './person-label';

export const listAppealsInput = z.strictObject({ projectId: z.uuid() });

export interface AppealView {
  readonly appealId: string;
  readonly userId: string;
  readonly person: string;
  readonly subject: 'PAUSE' | 'GOLD' | 'QUALIFICATION';
  readonly text: string;
  /** What is appealed against, as the person was told. */
  readonly against: StatedReason | null;
  readonly status: 'OPEN' | 'UPHELD' | 'REJECTED';
  readonly answer: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

type Row = Omit<AppealView, 'person' | 'against'> & {
  readonly pseudonym: string;
  readonly words: string | null;
  /** The rule behind a pause, the numbers of a test. */
  readonly data: unknown;
};

/** Open ones first, then the newest. Needs quality.read. */
export async function listAppeals(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listAppealsInput>,
): Promise<readonly AppealView[]> {
  const { projectId } = listAppealsInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.read');
  const rows = await deps.db.$queryRaw<Row[]>`
    select a."id" as "appealId", a."userId", m."pseudonym", a."subject"::text as "subject", a."text", a."status"::text as "status", a."answer",
      a."createdAt", a."decidedAt",
      case a."subject"
        when 'PAUSE' then (select e."reason" from "MembershipEvent" e where e."id" = a."subjectId")
        when 'QUALIFICATION' then (select q."reason" from "QualificationAttempt" q where q."id" = a."subjectId")
        else (select nullif(g."explanation", '') from "AnnotationCheck" c join "GoldAnswer" g on g."taskId" = c."taskId" where c."annotationId" = a."subjectId")
      end as "words",
      case a."subject"
        when 'PAUSE' then (select e."data" from "MembershipEvent" e where e."id" = a."subjectId")
        when 'QUALIFICATION' then (select q."scores" from "QualificationAttempt" q where q."id" = a."subjectId")
      end as "data"
    from "Appeal" a join "Membership" m on m."projectId" = a."projectId" and m."userId" = a."userId"
    where a."projectId" = ${projectId}
    order by (a."status" = 'OPEN') desc, a."createdAt" desc
    limit 200`;
  return rows.map(({ pseudonym, words, data, ...row }) => ({
    ...row,
    person: personLabel(pseudonym),
    against: row.subject === 'QUALIFICATION' ? reasonOfAttempt(words, data) : reasonOfEvent(words, data),
  }));
}
