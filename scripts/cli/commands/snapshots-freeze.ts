import type { Command } from 'commander';
import { freezeImported } from '#lib/services/snapshots/freeze-imported';
import { findProject } from '../find';
import { action, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';

export function registerSnapshotsFreeze(snapshots: Command, context: CliContext): void {
  snapshots
    .command('freeze')
    .description('freeze the rankings and choices of imported tasks (those of loops freeze by themselves)')
    .requiredOption('--project <project>', 'address or id of the project')
    .addHelpText('after', '\nThe same annotations give the same snapshot.\n\nExample:\n  plumbline snapshots freeze --project stories')
    .action(
      action(context, async (given) => {
        const { actor, deps, ...rest } = await openInstallation(context);
        const { id: projectId } = await findProject({ actor, deps, ...rest }, text(given, 'project'));
        const { annotations, hash, isNew, snapshotId } = await freezeImported(deps, actor, { projectId });
        return {
          json: { snapshot: snapshotId, hash, annotations, isNew },
          text: `${isNew ? 'Frozen' : 'Frozen before'}: ${annotations} annotations in snapshot ${snapshotId}.\nTrain on them: plumbline snapshots export ${snapshotId} --out labels.jsonl`,
        };
      }),
    );
}
