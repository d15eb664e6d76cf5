import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { toAppError } from '#lib/db/create-db';
import { getLoop } from '#lib/services/loops/get-loop';
import type { LoopView } from '#lib/services/loops/loop-view';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText } from '../frame';
import { openInstallation } from '../installation';
import { loopStatusText } from '../loop-text';
import type { Terminal } from '../terminal';

const lookEveryMs = 2_000;
const over = new Set<LoopView['status']>(['DONE', 'CANCELLED']);

export function registerLoopStatus(loop: Command, context: CliContext): void {
  loop
    .command('status')
    .description('show where a loop stands: its rounds by stages, and what it waits for')
    .argument('<loop>', 'name or id of the loop')
    .option('--project <project>', 'where several projects have a loop of this name')
    .option('--watch', 'go on showing it until the loop is over or Ctrl-C')
    .addHelpText('after', '\nExample:\n  plumbline loop status first --watch')
    .action(
      action(
        context,
        async (given) => {
          const installation = await openInstallation(context);
          const { deps, actor } = installation;
          const { id: loopId } = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
          let view = await getLoop(deps, actor, { loopId });
          const columns = process.stdout.columns ?? 160;
          let shown = '';
          if (given.options.watch === true) {
            while (!over.has(view.status) && !context.signal.aborted) {
              const drawn = loopStatusText(view, columns);
              if (drawn !== shown) context.terminal.screen(drawn);
              shown = drawn;
              await sleep(lookEveryMs, undefined, { signal: context.signal }).catch(() => undefined);
              if (!context.signal.aborted) view = (await getLoop(deps, actor, { loopId }).catch(lost(context.terminal))) ?? view;
            }
          }
          const drawn = loopStatusText(view, columns);
          // On one terminal the watch has shown it already.
          return { json: { loop: view }, text: drawn === shown && process.stdout.isTTY ? '' : drawn };
        },
        { endsItself: true },
      ),
    );
}

/** A database that is away for a moment does not end the watch. */
function lost(terminal: Terminal): (error: unknown) => undefined {
  return (error) => {
    const known = toAppError(error);
    if (known.code !== 'UNAVAILABLE') throw known;
    terminal.progress(`${known.message} Looking again.`);
  };
}
