import type { Command } from 'commander';
import { startLoop } from '#lib/services/loops/start-loop';
import { getHealth } from '#lib/services/system/get-health';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText } from '../frame';
import { openInstallation } from '../installation';

export function registerLoopStart(loop: Command, context: CliContext): void {
  loop
    .command('start')
    .description('start the first round of a loop; workers do the rest')
    .argument('<loop>', 'name or id of the loop')
    .option('--project <project>', 'where several projects have a loop of this name')
    .addHelpText('after', '\nExample:\n  plumbline loop start first')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { deps, actor } = installation;
        const found = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const { roundId } = await startLoop(deps, actor, { loopId: found.id });
        const { workers } = await getHealth(deps);
        if (!workers.some(({ alive }) => alive)) {
          context.terminal.line('warning: no worker runs; the loop goes on once "npm start" or "plumbline worker" does');
        }
        return { json: { loopId: found.id, roundId }, text: `Round 1 has started. Watch it: plumbline loop status ${found.id} --watch` };
      }),
    );
}
