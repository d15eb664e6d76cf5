import type { Statements } from '#lib/db/direct-db';
import { type AnnotationContent, comparisonOf } from '#lib/domain/annotation-content';
import { taskDisagreement } from '#lib/domain/review/disagreement';
import { labelSurprise, type MemberScores } from '#lib/domain/review/surprise';

/** What the review queue is ordered by, from the live labels of a task and the scores of its answers. */
export async function refreshTask(tx: Statements, taskId: string): Promise<void> {
  const labels = await liveLabels(tx, taskId);
  const scores = await loadScores(tx, taskId);
  const disagreement = taskDisagreement(labels);
  const surprise = scores === null ? null : largest(labels, scores);
  await tx.$executeRaw`
    update "Task" set "disagreement" = ${disagreement}, "surprise" = ${surprise}
    where "id" = ${taskId} and ("disagreement", "surprise") is distinct from (${disagreement}::float8, ${surprise}::float8)`;
}

async function liveLabels(tx: Statements, taskId: string): Promise<readonly AnnotationContent[]> {
  const rows = await tx.$queryRaw<{ content: AnnotationContent }[]>`
    select a."content" from "Slot" s join "Annotation" a on a."id" = s."liveAnnotationId"
    where s."taskId" = ${taskId} order by s."ordinal"`;
  return rows.map(({ content }) => content);
}

function largest(labels: readonly AnnotationContent[], scores: MemberScores): number | null {
  const bits = labels.flatMap((label) => {
    const comparison = comparisonOf(label);
    const surprise = comparison && labelSurprise(comparison, scores);
    return surprise ? [surprise.bits] : [];
  });
  return bits.length === 0 ? null : Math.max(...bits);
}

/**
 * The calibrated scores of a task's answers by the members of the ensemble that scored the project last; null where it has scored none of
 * them. Members that lack an answer are left out whole, so that every answer has the same members.
 */
export async function loadScores(tx: Statements, taskId: string): Promise<MemberScores | null> {
  const rows = await tx.$queryRaw<{ responseId: string; modelVersionId: string; member: number }[]>`
    select s."responseId", s."modelVersionId", s."members"[1] as "member"
    from "TaskResponse" tr join "ResponseScore" s on s."responseId" = tr."responseId"
    where tr."taskId" = ${taskId} and s."modelVersionId" in (
      select jsonb_array_elements_text(r."inputs"->'rewardModelIds')
      from "Run" r join "Task" t on t."projectId" = r."projectId"
      where t."id" = ${taskId} and r."kind" = 'SCORING'
        and r."id" = (select x."id" from "Run" x where x."projectId" = r."projectId" and x."kind" = 'SCORING' order by x."createdAt" desc limit 1))
    order by s."modelVersionId"`;
  if (rows.length === 0) return null;
  const answers = new Set(rows.map(({ responseId }) => responseId));
  const members = [...new Set(rows.map(({ modelVersionId }) => modelVersionId))].filter(
    (id) => rows.filter((row) => row.modelVersionId === id).length === answers.size,
  );
  const scoreOf = new Map(rows.map((row) => [`${row.responseId} ${row.modelVersionId}`, row.member]));
  return new Map([...answers].map((id) => [id, members.map((member) => scoreOf.get(`${id} ${member}`) as number)]));
}
