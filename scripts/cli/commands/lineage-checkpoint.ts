import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { labelsOfCheckpoint, type ReachingLabel } from '#lib/services/lineage/labels-of-checkpoint';
import { requireId } from '../find';
import { action, argument, type CliContext } from '../frame';
import { type Installation, openInstallation } from '../installation';
import { table } from '../terminal';

export function registerLineageCheckpoint(lineage: Command, context: CliContext): void {
  lineage
    .command('checkpoint')
    .description('list the labels that reached a checkpoint or a model')
    .argument('<id>', 'id of the checkpoint, or of the model')
    .addHelpText('after', '\nExample:\n  plumbline lineage checkpoint 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d --json')
    .action(
      action(context, async (given) => {
        const id = requireId('checkpoint', argument(given, 0));
        const installation = await openInstallation(context);
        const { kind, labels } = await findLabels(installation, id);
        return {
          json: { id, kind, count: labels.length, labels },
          text:
            labels.length === 0
              ? 'No label reached it.'
              : `${table(
                  ['label', 'way', 'reached'],
                  labels.map((label) => [label.annotationId, label.way, label.direct ? 'directly' : 'through other models']),
                )}\n\n${labels.length} labels`,
        };
      }),
    );
}

/** An id says not whether it is a checkpoint's or a model's. */
async function findLabels({ deps, actor }: Installation, id: string): Promise<{ kind: 'checkpoint' | 'model'; labels: ReachingLabel[] }> {
  try {
    return { kind: 'checkpoint', labels: await labelsOfCheckpoint(deps, actor, { checkpointId: id }) };
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NOT_FOUND')) throw error;
  }
  try {
    return { kind: 'model', labels: await labelsOfCheckpoint(deps, actor, { modelId: id }) };
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'NOT_FOUND')) throw error;
    throw new AppError('NOT_FOUND', `There is no checkpoint and no model ${id}.`, { remedy: 'The pages of runs and models show the ids.' });
  }
}
