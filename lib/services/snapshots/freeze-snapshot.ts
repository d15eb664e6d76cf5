import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { comparisonOf } from '#lib/domain/annotation-content';
import { sha256Hex } from '#lib/domain/canonical-json';
import { dataCard, type SnapshotRecord, snapshotBytes, snapshotKinds, sortRecords } from '#lib/domain/snapshot';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { afterSnapshot } from '#lib/services/loops/after-snapshot';
import { authorise } from '#lib/services/people/authorise';

export const freezeSnapshotInput = z.strictObject({ roundId: z.uuid() });

const batchSize = 5000;

/**
 * Freezes the live labels of the loop's rounds up to this one: canonical bytes into the blob store, their hash as the
 * name of the snapshot, one row for each annotation, and the round moves on, in one transaction. The same annotations
 * give the same hash. A round has one snapshot: called again it gives that one.
 * @throws AppError PRECONDITION where the round is not at FREEZING, or no answer was ranked; INVARIANT where prompts of one split key lie in two splits
 */
export async function freezeSnapshot(
  deps: Pick<Deps, 'db' | 'clock' | 'blobs' | 'queues'>,
  actor: Actor,
  input: z.input<typeof freezeSnapshotInput>,
): Promise<{ snapshotId: string; hash: string; annotations: number }> {
  const { roundId } = freezeSnapshotInput.parse(input);
  const found = await deps.db.round.findUnique({ where: { id: roundId }, select: { loop: { select: { projectId: true } } } });
  if (!found) throw new AppError('NOT_FOUND', 'There is no such round.', { details: { roundId } });
  const { projectId } = found.loop;
  await authorise(deps, actor, projectId, 'snapshot.freeze');

  const frozen = await deps.db.$transaction(
    async (tx) => {
      await tx.$queryRaw`select 1 from "Round" where "id" = ${roundId} for update`;
      const round = await tx.round.findUniqueOrThrow({ where: { id: roundId }, select: { stage: true, ordinal: true, loopId: true } });
      const before = await tx.snapshot.findUnique({
        where: { roundId },
        select: { id: true, hash: true, _count: { select: { annotations: true } } },
      });
      if (before) {
        await afterSnapshot(tx, { roundId, snapshotId: before.id });
        return { snapshotId: before.id, hash: before.hash, annotations: before._count.annotations };
      }
      if (round.stage !== 'FREEZING') {
        throw new AppError('PRECONDITION', `The round is at ${round.stage}; a snapshot is frozen after the labeling.`, {
          details: { stage: round.stage },
        });
      }
      const records = await collectRecords(tx, projectId, round.loopId, round.ordinal);
      if (records.length === 0) {
        throw new AppError('PRECONDITION', 'Nothing is labeled yet, so there is nothing to freeze.', { remedy: 'Rank some tasks first.' });
      }
      const bytes = snapshotBytes(records);
      const hash = sha256Hex(bytes);
      const artifact = await deps.blobs.putBytes(bytes);
      await tx.artifact.createMany({ data: [{ sha256: artifact.sha256, size: artifact.size }], skipDuplicates: true });
      const { id: snapshotId } = await tx.snapshot.create({
        data: {
          projectId,
          loopId: round.loopId,
          roundId,
          hash,
          artifact: artifact.sha256,
          card: JSON.parse(JSON.stringify(dataCard(records))),
          createdAt: deps.clock.now(),
        },
        select: { id: true },
      });
      const rows = sortRecords(records).map(({ annotation, split }, ordinal) => ({
        snapshotId,
        annotationId: annotation.id,
        split,
        ordinal,
      }));
      for (let start = 0; start < rows.length; start += batchSize) {
        await tx.snapshotAnnotation.createMany({ data: rows.slice(start, start + batchSize) });
      }
      await afterSnapshot(tx, { roundId, snapshotId });
      return { snapshotId, hash, annotations: rows.length };
    },
    { timeout: 10 * 60_000, maxWait: 10_000 },
  );
  await deps.queues.wake();
  return frozen;
}

/** The live annotation of each filled slot: no superseded, withdrawn or surplus one, and none of a task that was cancelled as broken. */
async function collectRecords(tx: Tx, projectId: string, loopId: string, ordinal: number): Promise<SnapshotRecord[]> {
  const annotations = await tx.$queryRaw<LiveAnnotation[]>`
    select a."id", a."kind"::text as "kind", a."contentHash", a."schemaVersion", a."content", a."displayOrder", m."pseudonym",
      f."contentHash" as "form", g."contentHash" as "guideline",
      p."id" as "promptId", p."saltedHash" as "promptHash", p."split"::text as "split", p."splitKey",
      (select json_agg(json_build_object('id', x."id", 'hash', x."saltedHash") order by tr."position")
        from "TaskResponse" tr join "Response" x on x."id" = tr."responseId" where tr."taskId" = t."id") as "responses"
    from "Slot" s
    join "Annotation" a on a."id" = s."liveAnnotationId"
    join "Task" t on t."id" = s."taskId"
    join "Round" r on r."id" = t."roundId"
    join "Prompt" p on p."id" = t."promptId"
    join "FormVersion" f on f."id" = a."formVersionId"
    join "Guideline" g on g."id" = a."guidelineId"
    left join "Membership" m on m."projectId" = t."projectId" and m."userId" = a."annotatorId"
    where t."projectId" = ${projectId} and t."purpose" = 'LABELING' and t."status" <> 'CANCELLED' and r."loopId" = ${loopId} and r."ordinal" <= ${ordinal}
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
