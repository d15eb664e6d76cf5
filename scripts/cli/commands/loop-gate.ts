import { Argument, type Command } from 'commander';
import { decideGate } from '#lib/services/loops/decide-gate';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { requireWaiting } from '../require-waiting';

const decisions = ['override', 'more-labels', 'stop'] as const;

export function registerLoopGate(loop: Command, context: CliContext): void {
  loop
    .command('gate')
    .description('decide where a loop waits at the reward gate')
    .argument('<loop>', 'name or id of the loop')
    .addArgument(new Argument('<decision>', 'train the policy all the same, ask for more labels, or stop the loop').choices(decisions))
    .requiredOption('--reason <text>', 'why; kept with the round')
    .option('--project <project>', 'where several projects have a loop of this name')
    .addHelpText(
      'after',
      '\nExample:\n  plumbline loop gate first override --reason "few validation prompts, but the length baseline is beaten"',
    )
    .action(
      action(context, async (given) => {
        const decision = decisions.find((each) => each === argument(given, 1)) ?? 'stop';
        const installation = await openInstallation(context);
        const { id: loopId } = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const { roundId, ordinal } = await requireWaiting(installation, loopId, 'gate');
        const { stage, status } = await decideGate(installation.deps, installation.actor, {
          roundId,
          decision,
          reason: text(given, 'reason'),
        });
        return {
          json: { loopId, roundId, decision, stage, status },
          text: `Round ${ordinal}: ${decision}. It is at ${stage.toLowerCase().replaceAll('_', ' ')} (${status.toLowerCase()}).`,
        };
      }),
    );
}
