import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { parseLabelingPolicy } from '#lib/domain/labeling-policy';
import type { Role } from '#lib/domain/permissions';
import { reasonOfEvent, type StatedReason } from '#lib/domain/quality/stated-reason';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { wilsonInterval } from '#lib/domain/statistics/proportion';
import type { Deps } from '#lib/services/deps';
import { personLabel } from '#lib/services/quality/person-label';
import { authorise } from './authorise';
import { seesNames } from './sees-names';

export const listPeopleInput = z.strictObject({ projectId: z.uuid() });

export interface PersonView {
  readonly userId: string;
  /** What the person is called where names are hidden. */
  readonly label: string;
  /** Null where names are hidden from the reader. */
  readonly name: string | null;
  readonly email: string | null;
  readonly roles: readonly Role[];
  readonly skills: readonly string[];
  readonly languages: readonly string[];
  readonly paused: { readonly since: Date; readonly reason: StatedReason | null; readonly byRule: boolean } | null;
  readonly trainedAt: Date | null;
  readonly qualifiedAt: Date | null;
  readonly dailyQuota: number | null;
  readonly totalQuota: number | null;
  readonly payCents: number | null;
  readonly done: number;
  readonly lastAt: Date | null;
  /** Share of gold and repeated tasks passed. */
  readonly checks: Estimate;
  readonly joinedAt: Date;
}

type Row = Omit<PersonView, 'label' | 'paused' | 'checks'> & {
  readonly pseudonym: string;
  readonly pausedAt: Date | null;
  readonly pauseReason: string | null;
  readonly pausedByRule: boolean;
  /** The rule that paused and its numbers. */
  readonly pauseData: unknown;
  readonly passed: number;
  readonly checked: number;
};

/** The members with what rules their work. Who judges people by numbers alone sees no names. Needs member.read. */
export async function listPeople(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listPeopleInput>,
): Promise<{ readonly namesShown: boolean; readonly currency: string; readonly people: readonly PersonView[] }> {
  const { projectId } = listPeopleInput.parse(input);
  const member = await authorise(deps, actor, projectId, 'member.read');
  const namesShown = seesNames(member);
  const rows = await deps.db.$queryRaw<Row[]>`
    with work as (
      select a."annotatorId", count(*)::int as "done", max(a."createdAt") as "lastAt"
      from "Annotation" a join "Slot" s on s."liveAnnotationId" = a."id"
      where s."projectId" = ${projectId} group by a."annotatorId"),
    checks as (
      select c."annotatorId", count(*)::int as "checked", (count(*) filter (where c."passed"))::int as "passed"
      from "AnnotationCheck" c
      where c."projectId" = ${projectId} and c."voidedAt" is null and c."purpose" in ('GOLD', 'REPEAT') group by c."annotatorId")
    select m."userId", m."pseudonym", u."name", u."email", m."roles"::text[] as "roles", m."skills", m."languages", m."pausedAt", m."pauseReason",
      m."pausedByRule",
      case when m."pausedAt" is not null then (
        select e."data" from "MembershipEvent" e
        where e."projectId" = m."projectId" and e."userId" = m."userId" and e."kind" = 'paused' order by e."at" desc limit 1
      ) end as "pauseData", m."trainedAt", m."qualifiedAt", m."dailyQuota", m."totalQuota", m."payCents", m."createdAt" as "joinedAt",
      coalesce(w."done", 0) as "done", w."lastAt", coalesce(c."checked", 0) as "checked", coalesce(c."passed", 0) as "passed"
    from "Membership" m join "User" u on u."id" = m."userId"
    left join work w on w."annotatorId" = m."userId" left join checks c on c."annotatorId" = m."userId"
    where m."projectId" = ${projectId} and u."disabledAt" is null
    order by m."createdAt", m."userId"`;
  const { labelingPolicy } = await deps.db.project.findUniqueOrThrow({ where: { id: projectId }, select: { labelingPolicy: true } });
  return { namesShown, currency: parseLabelingPolicy(labelingPolicy).pay.currency, people: rows.map((row) => shown(row, namesShown)) };
}

function shown(row: Row, namesShown: boolean): PersonView {
  const { pseudonym, pausedAt, pauseReason, pausedByRule, pauseData, passed, checked, name, email, ...rest } = row;
  return {
    ...rest,
    label: personLabel(pseudonym),
    name: namesShown ? name : null,
    email: namesShown ? email : null,
    paused: pausedAt && { since: pausedAt, reason: reasonOfEvent(pauseReason, pauseData), byRule: pausedByRule },
    checks: wilsonInterval(passed, checked),
  };
}
