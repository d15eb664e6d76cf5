import type { Command } from 'commander';
import { checkpointsOfLabel } from '#lib/services/lineage/checkpoints-of-label';
import { requireId } from '../find';
import { action, argument, type CliContext } from '../frame';
import { openInstallation } from '../installation';
import { table } from '../terminal';

export function registerLineageLabel(lineage: Command, context: CliContext): void {
  lineage
    .command('label')
    .description('list the checkpoints and models that a label reached')
    .argument('<id>', 'id of the label (annotation)')
    .addHelpText('after', '\nExample:\n  plumbline lineage label 3f0c8a52-9d0e-4c57-8a4e-0b8f7b1c2d3e')
    .action(
      action(context, async (given) => {
        const annotationId = requireId('label', argument(given, 0));
        const { deps, actor } = await openInstallation(context);
        const reached = await checkpointsOfLabel(deps, actor, { annotationId });
        const way = (direct: boolean) => (direct ? 'directly' : 'through other models');
        const rows = [
          ...reached.models.map((model) => [`${model.kind.toLowerCase()} model`, model.name, model.id, way(model.direct)]),
          ...reached.checkpoints.map((each) => ['checkpoint', `step ${each.step} of run ${each.runId}`, each.id, way(each.direct)]),
        ];
        return {
          json: { annotationId, ...reached },
          text: rows.length === 0 ? 'The label has reached no checkpoint yet.' : table(['what', 'name', 'id', 'reached'], rows),
        };
      }),
    );
}
