import { Argument, type Command } from 'commander';
import { decideRound } from '#lib/services/loops/decide-round';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { requireWaiting } from '../require-waiting';

const decisions = ['promote', 'reject'] as const;

export function registerLoopDecide(loop: Command, context: CliContext): void {
  loop
    .command('decide')
    .description("decide where a loop waits for a decision on a round's policy")
    .argument('<loop>', 'name or id of the loop')
    .addArgument(new Argument('<decision>', 'promote the new policy, or keep the one before').choices(decisions))
    .requiredOption('--reason <text>', 'why; kept with the round')
    .option('--stop', 'end the loop with this round')
    .option('--project <project>', 'where several projects have a loop of this name')
    .addHelpText('after', '\nExample:\n  plumbline loop decide first promote --reason "preferred in 31 of 48 comparisons"')
    .action(
      action(context, async (given) => {
        const decision = decisions.find((each) => each === argument(given, 1)) ?? 'reject';
        const installation = await openInstallation(context);
        const { id: loopId } = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const { roundId, ordinal } = await requireWaiting(installation, loopId, 'decision');
        const { outcome } = await decideRound(installation.deps, installation.actor, {
          roundId,
          decision,
          reason: text(given, 'reason'),
          stop: given.options.stop === true,
        });
        return { json: { loopId, roundId, decision, outcome }, text: `Round ${ordinal} is ${String(outcome).toLowerCase()}.` };
      }),
    );
}
