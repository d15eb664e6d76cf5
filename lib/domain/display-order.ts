import { sha256Hex } from './canonical-json';

/**
 * The order in which one annotator sees the responses of one task: a permutation that depends only on the two ids, so
 * that nothing about a response (who wrote it, its score) can be read from its place. Sorting by independent hashes is
 * a uniform shuffle for uniform hashes.
 */
export function displayOrder(responseIds: readonly string[], annotatorId: string, taskId: string): string[] {
  return responseIds
    .map((id) => ({ id, key: sha256Hex(`${annotatorId}\n${taskId}\n${id}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ id }) => id);
}
