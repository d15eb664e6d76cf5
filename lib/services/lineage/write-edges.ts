import type { Tx } from '#lib/db/create-db';
import type { Edge } from '#lib/domain/lineage';

/** The same edge twice is one edge. */
export async function writeEdges(tx: Tx, edges: readonly Edge[]): Promise<void> {
  if (edges.length === 0) return;
  await tx.lineageEdge.createMany({
    data: edges.map((edge) => ({
      fromKind: edge.from.kind,
      fromId: edge.from.id,
      toKind: edge.to.kind,
      toId: edge.to.id,
      kind: edge.kind,
    })),
    skipDuplicates: true,
  });
}
