import type { Command } from 'commander';
import { pauseLoop } from '#lib/services/loops/pause-loop';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText } from '../frame';
import { openInstallation } from '../installation';

export function registerLoopPause(loop: Command, context: CliContext): void {
  loop
    .command('pause')
    .description('stop a loop after the step that runs now; resume goes on from there')
    .argument('<loop>', 'name or id of the loop')
    .option('--project <project>', 'where several projects have a loop of this name')
    .option('--reason <text>', 'why; kept with the loop')
    .addHelpText('after', '\nExample:\n  plumbline loop pause first --reason "disk swap tonight"')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: loopId } = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const reason = optionalText(given, 'reason');
        const { status } = await pauseLoop(installation.deps, installation.actor, { loopId, ...(reason ? { reason } : {}) });
        return { json: { loopId, status }, text: `The loop is ${status.toLowerCase()}. Go on with: plumbline loop resume ${loopId}` };
      }),
    );
}
