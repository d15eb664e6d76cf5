import type { Actor } from '#lib/domain/actor';
import type { Deps } from '#lib/services/deps';
import { loadSnapshotData } from './load-snapshot-data';

/** One ranking as `plumbline train` reads it (docs/training-data.md, form "rankings"). */
interface SnapshotRow {
  readonly id: string;
  readonly prompt: string;
  readonly responses: readonly string[];
  readonly ranks: readonly (number | null)[];
  readonly annotator: string;
  readonly split: 'train' | 'validation' | 'test';
}

const splitNames = { TRAIN: 'train', VALIDATION: 'validation', TEST: 'test' } as const;

/**
 * A snapshot as rows to train on, one a ranking, in its order, with the texts that were judged. A ranking holds the answers it was about; one that sets all
 * of them aside says nothing and is left out. Needs snapshot.read.
 */
export async function snapshotRows(deps: Pick<Deps, 'db' | 'blobs'>, actor: Actor, input: { snapshotId: string }): Promise<SnapshotRow[]> {
  const prompts = await loadSnapshotData(deps, actor, input);
  return prompts.flatMap(({ promptId, promptText, rankings, responses, split }) =>
    rankings.flatMap(({ annotator, ranks, shown }, index) => {
      if (ranks.every((rank) => rank === null)) return [];
      const places = responses.flatMap((_, at) => (shown[at] === null ? [] : [at]));
      return [
        {
          id: `${promptId}-${index + 1}`,
          prompt: promptText,
          responses: places.map((at) => responses[at]?.text ?? ''),
          ranks: places.map((at) => ranks[at] ?? null),
          annotator,
          split: splitNames[split],
        },
      ];
    }),
  );
}
