import type { Command } from 'commander';
import { listDatasets } from '#lib/services/data/list-datasets';
import { findProject } from '../find';
import { action, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';
import { formatTime, table } from '../terminal';

export function registerDataList(data: Command, context: CliContext): void {
  data
    .command('list')
    .description('list the datasets of a project, newest first')
    .requiredOption('--project <project>', 'address or id of the project')
    .addHelpText('after', '\nExample:\n  plumbline data list --project stories')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const found = await listDatasets(installation.deps, installation.actor, { projectId });
        return {
          json: { datasets: found },
          text:
            found.length === 0
              ? 'There is no dataset yet. Import one: plumbline data import FILE'
              : table(
                  ['name', 'prompts', 'train', 'validation', 'test', 'left out', 'made'],
                  found.map(({ name, prompts, splits, rejected, createdAt }) => [
                    name,
                    prompts,
                    splits.TRAIN,
                    splits.VALIDATION,
                    splits.TEST,
                    rejected,
                    formatTime(createdAt),
                  ]),
                ),
        };
      }),
    );
}
