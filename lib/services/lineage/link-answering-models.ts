import type { Tx } from '#lib/db/create-db';
import { writeEdges } from './write-edges';

/** The answers of a snapshot came from models: what a label reached goes on through the answers that its model wrote. */
export async function linkAnsweringModels(tx: Tx, snapshotId: string): Promise<void> {
  const models = await tx.$queryRaw<{ id: string }[]>`
    select distinct r."modelVersionId" as "id"
    from "SnapshotAnnotation" sa
    join "Annotation" a on a."id" = sa."annotationId"
    join "TaskResponse" tr on tr."taskId" = a."taskId"
    join "Response" r on r."id" = tr."responseId"
    where sa."snapshotId" = ${snapshotId} and r."modelVersionId" is not null`;
  await writeEdges(
    tx,
    models.map(({ id }) => ({ from: { kind: 'MODEL_VERSION', id }, to: { kind: 'SNAPSHOT', id: snapshotId }, kind: 'GENERATED_BY' })),
  );
}
