import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Split } from '#lib/domain/splits';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';

export const listDatasetsInput = z.strictObject({ projectId: z.uuid() });

export interface DatasetView {
  readonly id: string;
  readonly name: string;
  readonly sourceName: string | null;
  readonly taken: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly prompts: number;
  readonly splits: Readonly<Record<Split, number>>;
  readonly createdAt: Date;
}

/** The datasets of a project, newest first. Needs dataset.read. */
export async function listDatasets(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listDatasetsInput>,
): Promise<readonly DatasetView[]> {
  const { projectId } = listDatasetsInput.parse(input);
  await authorise(deps, actor, projectId, 'dataset.read');
  const datasets = await deps.db.dataset.findMany({
    where: { projectId },
    orderBy: [{ createdAt: 'desc' }, { name: 'asc' }],
    select: { id: true, name: true, sourceName: true, taken: true, duplicates: true, rejected: true, createdAt: true },
  });
  const counts = await deps.db.prompt.groupBy({ by: ['datasetId', 'split'], where: { dataset: { projectId } }, _count: { _all: true } });
  return datasets.map((dataset) => {
    const splits: Record<Split, number> = { TRAIN: 0, VALIDATION: 0, TEST: 0 };
    for (const row of counts) if (row.datasetId === dataset.id) splits[row.split] += row._count._all;
    return { ...dataset, prompts: splits.TRAIN + splits.VALIDATION + splits.TEST, splits };
  });
}
