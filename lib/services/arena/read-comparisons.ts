import type { Tx } from '#lib/db/create-db';
import { type AnnotationContent, comparisonOf } from '#lib/domain/annotation-content';
import { type PairCount, pairsOfRanking } from '#lib/domain/statistics/comparisons/pair-counts';

export type ArenaSource = 'ALL' | 'LABELING' | 'EVALUATION' | 'CHAT';

/** Most labels that one reading takes, the newest: a fit over more says the same, later. */
const mostLabels = 50_000;

export interface ModelComparisons {
  /** Items are ids of model versions; in the order in which people judged. */
  readonly counts: readonly PairCount[];
  readonly labels: number;
  readonly truncated: boolean;
}

interface Row {
  readonly taskId: string;
  readonly annotatorId: string;
  readonly content: AnnotationContent;
  readonly displayOrder: readonly string[];
  /** Model version by response id, or of the sides of a conversation. */
  readonly models: Readonly<Record<string, string | null>> | null;
  readonly sides: readonly string[] | null;
}

/** What people's live judgements say of models against each other; answers of one model against itself say nothing. */
export async function readComparisons(db: Tx, projectId: string, source: ArenaSource): Promise<ModelComparisons> {
  const rows = await db.$queryRaw<Row[]>`
    select * from (
      select t."id" as "taskId", a."annotatorId", a."content", a."displayOrder", a."createdAt", a."id",
        (select json_object_agg(x."id", x."modelVersionId") from "TaskResponse" tr join "Response" x on x."id" = tr."responseId"
          where tr."taskId" = t."id") as "models",
        (select c."modelIds" from "ChatSession" c where c."annotationId" = a."id") as "sides"
      from "Slot" s join "Annotation" a on a."id" = s."liveAnnotationId" join "Task" t on t."id" = s."taskId"
      where t."projectId" = ${projectId} and t."kind" in ('RANKING', 'PAIRWISE', 'CHAT') and t."purpose" in ('LABELING', 'EVALUATION')
        and (${source} = 'ALL' or (${source} = 'CHAT' and t."kind" = 'CHAT') or (t."purpose"::text = ${source} and t."kind" <> 'CHAT'))
      order by a."createdAt" desc, a."id" desc
      limit ${mostLabels + 1}) newest
    order by "createdAt", "id"`;
  const counts = rows.slice(-mostLabels).flatMap(toCounts);
  return { counts, labels: Math.min(rows.length, mostLabels), truncated: rows.length > mostLabels };
}

function toCounts(row: Row): PairCount[] {
  const comparison = comparisonOf(row.content);
  if (comparison === null) return [];
  const modelOf = (id: string): string | null => (row.sides ? (row.sides[id === 'A' ? 0 : 1] ?? null) : (row.models?.[id] ?? null));
  const shown = Object.fromEntries((row.sides ? ['A', 'B'] : row.displayOrder).map((id, place) => [id, place]));
  const pairs = pairsOfRanking({ ranks: comparison.ranks, shown }, { task: row.taskId, annotator: row.annotatorId });
  return pairs.flatMap((pair) => {
    const first = modelOf(pair.first);
    const second = modelOf(pair.second);
    return first === null || second === null || first === second ? [] : [{ ...pair, first, second }];
  });
}
