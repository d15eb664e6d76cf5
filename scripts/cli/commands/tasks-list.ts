import type { Command } from 'commander';
import { listTaskCounts } from '#lib/services/tasks/list-task-counts';
import { findProject } from '../find';
import { action, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';
import { table } from '../terminal';

export function registerTasksList(tasks: Command, context: CliContext): void {
  tasks
    .command('list')
    .description('count the tasks of a project by kind: open, done, cancelled, annotations wanted and there')
    .requiredOption('--project <project>', 'address or id of the project')
    .addHelpText('after', '\nExample:\n  plumbline tasks list --project stories')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const kinds = await listTaskCounts(installation.deps, installation.actor, { projectId });
        const rows = kinds.map(({ kind, open, done, cancelled, checks, wanted, filled }) => [
          kind,
          open,
          done,
          cancelled,
          checks,
          wanted,
          filled,
        ]);
        return {
          json: { kinds },
          text:
            kinds.length === 0
              ? 'There is no task yet. Import some: plumbline tasks import FILE'
              : table(['kind', 'open', 'done', 'cancelled', 'known answer', 'wanted', 'there'], rows),
        };
      }),
    );
}
