import type { Command } from 'commander';
import { listLoops } from '#lib/services/loops/list-loops';
import { findProject } from '../find';
import { action, type CliContext, text } from '../frame';
import { openInstallation } from '../installation';
import { formatTime, table } from '../terminal';

export function registerLoopList(loop: Command, context: CliContext): void {
  loop
    .command('list')
    .description('list the loops of a project, newest first')
    .requiredOption('--project <project>', 'address or id of the project')
    .addHelpText('after', '\nExample:\n  plumbline loop list --project stories')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const found = await listLoops(installation.deps, installation.actor, { projectId });
        return {
          json: { loops: found },
          text:
            found.length === 0
              ? 'There is no loop yet. Make one: plumbline loop create'
              : table(
                  ['name', 'status', 'rounds', 'stage', 'waits for', 'made'],
                  found.map((each) => [
                    each.name,
                    each.rounds === 0 ? 'not started' : each.status.toLowerCase(),
                    each.rounds,
                    each.stage?.toLowerCase().replaceAll('_', ' ') ?? null,
                    each.waitingFor?.toLowerCase() ?? null,
                    formatTime(each.createdAt),
                  ]),
                ),
        };
      }),
    );
}
