import type { Tx } from '#lib/db/create-db';

export interface SlotCount {
  readonly wanted: number;
  readonly filled: number;
}

/** Wanted and filled annotations of a round's tasks; what was cancelled is not wanted any more. */
export async function countSlots(tx: Tx, roundId: string, purpose: 'LABELING' | 'EVALUATION'): Promise<SlotCount> {
  const rows = await tx.slot.groupBy({
    by: ['state'],
    where: { task: { roundId, purpose }, state: { not: 'CANCELLED' } },
    _count: { _all: true },
  });
  const wanted = rows.reduce((sum, row) => sum + row._count._all, 0);
  return { wanted, filled: rows.find((row) => row.state === 'FILLED')?._count._all ?? 0 };
}
