import type { OpenTasks } from '#lib/services/labeling/count-open-tasks';

/** Which tasks, as a person says it; null: any. */
export interface Filter {
  readonly datasetId: string | null;
  readonly kind: string | null;
}

/** How many open tasks the filter finds that are not in the pool yet. */
export function movable(tasks: readonly OpenTasks[], { datasetId, kind }: Filter, poolId: string | null): number {
  return tasks
    .filter((row) => (datasetId === null || row.datasetId === datasetId) && (kind === null || row.kind === kind) && row.poolId !== poolId)
    .reduce((sum, row) => sum + row.n, 0);
}

/** Open tasks of a pool; null: those that everybody may be given. */
export function openIn(tasks: readonly OpenTasks[], poolId: string | null): number {
  return tasks.filter((row) => row.poolId === poolId).reduce((sum, row) => sum + row.n, 0);
}
