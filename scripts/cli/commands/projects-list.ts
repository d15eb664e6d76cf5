import type { Command } from 'commander';
import { listProjects } from '#lib/services/projects/list-projects';
import { action, type CliContext } from '../frame';
import { openInstallation } from '../installation';
import { formatTime, table } from '../terminal';

export function registerProjectsList(projects: Command, context: CliContext): void {
  projects
    .command('list')
    .description('list the projects of this installation')
    .addHelpText('after', '\nExample:\n  plumbline projects list --json')
    .action(
      action(context, async () => {
        const { deps, actor } = await openInstallation(context);
        const found = await listProjects(deps, actor);
        return {
          json: { projects: found },
          text:
            found.length === 0
              ? 'There is no project yet. Make one: plumbline projects create --name NAME'
              : table(
                  ['address', 'name', 'members', 'datasets', 'models', 'loops', 'made'],
                  found.map((each) => [
                    each.slug,
                    each.name,
                    each.members,
                    each.datasets,
                    each.models,
                    each.loops,
                    formatTime(each.createdAt),
                  ]),
                ),
        };
      }),
    );
}
