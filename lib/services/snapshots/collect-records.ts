import type { Tx } from '#lib/db/create-db';
import { comparisonOf } from '#lib/domain/annotation-content';
import { type SnapshotRecord, snapshotKinds } from '#lib/domain/snapshot';
import { AppError } from '#lib/errors';

interface Rounds {
  readonly loopId: string;
  /** The last round that counts. */
  readonly ordinal: number;
}

/**
 * The live annotation of each filled slot, of a loop's rounds up to one or, where none is named, of the tasks that belong to no round (imported):
 * no superseded, withdrawn or surplus one, and none of a task that was cancelled as broken.
 */
export async function collectRecords(tx: Tx, projectId: string, from: Rounds | null): Promise<SnapshotRecord[]> {
  const annotations = await tx.$queryRaw<LiveAnnotation[]>`
    select a."id", a."kind"::text as "kind", a."contentHash", a."schemaVersion", a."content", a."displayOrder", m."pseudonym",
      f."contentHash" as "form", g."contentHash" as "guideline",
      p."id" as "promptId", p."saltedHash" as "promptHash", p."split"::text as "split", p."splitKey",
      (select json_agg(json_build_object('id', x."id", 'hash', x."saltedHash") order by tr."position")
        from "TaskResponse" tr join "Response" x on x."id" = tr."responseId" where tr."taskId" = t."id") as "responses"
    from "Slot" s
    join "Annotation" a on a."id" = s."liveAnnotationId"
    join "Task" t on t."id" = s."taskId"
    left join "Round" r on r."id" = t."roundId"
    join "Prompt" p on p."id" = t."promptId"
    join "FormVersion" f on f."id" = a."formVersionId"
    join "Guideline" g on g."id" = a."guidelineId"
    left join "Membership" m on m."projectId" = t."projectId" and m."userId" = a."annotatorId"
    where t."projectId" = ${projectId} and t."purpose" = 'LABELING' and t."status" <> 'CANCELLED'
      and case when ${from === null} then t."roundId" is null else r."loopId" = ${from?.loopId ?? ''} and r."ordinal" <= ${from?.ordinal ?? 0} end
      and t."kind"::text = any(${[...snapshotKinds]}::text[])`;
  requireDisjointSplits(annotations);
  return annotations.map((row) => {
    const comparison = comparisonOf(row.content);
    if (comparison === null) throw new AppError('INVARIANT', `Annotation ${row.id} compares nothing.`);
    const { ranks, strength, bothBad } = comparison;
    if (row.pseudonym === null) throw new AppError('INVARIANT', `The annotator of ${row.id} has no pseudonym in this project.`);
    return {
      annotation: { id: row.id, hash: row.contentHash, kind: row.kind, schemaVersion: row.schemaVersion },
      annotator: row.pseudonym,
      displayOrder: row.displayOrder,
      form: row.form,
      guideline: row.guideline,
      prompt: { id: row.promptId, hash: row.promptHash },
      responses: row.responses.map(({ id, hash }) => ({ id, hash, rank: ranks[id] ?? null })),
      split: row.split,
      ...(strength !== undefined && { strength }),
      ...(bothBad && { bothBad }),
    };
  });
}

interface LiveAnnotation {
  readonly id: string;
  readonly kind: SnapshotRecord['annotation']['kind'];
  readonly contentHash: string;
  readonly schemaVersion: number;
  readonly content: unknown;
  readonly displayOrder: string[];
  readonly pseudonym: string | null;
  readonly form: string;
  readonly guideline: string;
  readonly promptId: string;
  readonly promptHash: string;
  readonly split: SnapshotRecord['split'];
  readonly splitKey: string;
  readonly responses: readonly { readonly id: string; readonly hash: string }[];
}

/** No prompt is trained on in one form and tested on in another. */
function requireDisjointSplits(annotations: readonly LiveAnnotation[]): void {
  const splitOfKey = new Map<string, LiveAnnotation>();
  for (const annotation of annotations) {
    const first = splitOfKey.get(annotation.splitKey) ?? annotation;
    splitOfKey.set(annotation.splitKey, first);
    if (first.split !== annotation.split) {
      throw new AppError('INVARIANT', 'Two prompts that belong together lie in different splits; nothing was frozen.', {
        details: { first: `${first.promptId} in ${first.split}`, second: `${annotation.promptId} in ${annotation.split}` },
        remedy: 'Import the two again into one dataset.',
      });
    }
  }
}
