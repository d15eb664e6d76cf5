import type { Command } from 'commander';
import { cancelLoop } from '#lib/services/loops/cancel-loop';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText } from '../frame';
import { openInstallation } from '../installation';

export function registerLoopCancel(loop: Command, context: CliContext): void {
  loop
    .command('cancel')
    .description('end a loop for good; what it made so far stays')
    .argument('<loop>', 'name or id of the loop')
    .option('--project <project>', 'where several projects have a loop of this name')
    .option('--reason <text>', 'why; kept with the loop')
    .addHelpText('after', '\nExample:\n  plumbline loop cancel first --reason "wrong prompts"')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: loopId } = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const reason = optionalText(given, 'reason');
        const { status } = await cancelLoop(installation.deps, installation.actor, { loopId, ...(reason ? { reason } : {}) });
        return { json: { loopId, status }, text: `The loop is ${status.toLowerCase()}.` };
      }),
    );
}
