import type { Command } from 'commander';
import { resumeLoop } from '#lib/services/loops/resume-loop';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText } from '../frame';
import { openInstallation } from '../installation';

export function registerLoopResume(loop: Command, context: CliContext): void {
  loop
    .command('resume')
    .description('go on with a loop that was paused, or whose round failed')
    .argument('<loop>', 'name or id of the loop')
    .option('--project <project>', 'where several projects have a loop of this name')
    .addHelpText('after', '\nExample:\n  plumbline loop resume first')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: loopId } = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const { status } = await resumeLoop(installation.deps, installation.actor, { loopId });
        return { json: { loopId, status }, text: `The loop is ${status.toLowerCase()}.` };
      }),
    );
}
