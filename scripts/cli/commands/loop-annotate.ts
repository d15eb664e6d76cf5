import type { Command } from 'commander';
import { createRandom } from '#lib/domain/random';
import { annotatorConfig } from '#lib/domain/simulation/annotator';
import { warmStoryGold } from '#lib/domain/simulation/gold';
import { getLoop } from '#lib/services/loops/get-loop';
import { annotateUntil, makeAnnotators } from '../../simulate/simulated-annotators';
import { findLoop } from '../find';
import { action, argument, type CliContext, optionalText, optionalWhole, text, whole } from '../frame';
import { openInstallation } from '../installation';

export function registerLoopAnnotate(loop: Command, context: CliContext): void {
  loop
    .command('annotate')
    .description('let simulated annotators rank the tasks of a loop beside people, by the hidden gold of "loop simulate"')
    .argument('<loop>', 'name or id of the loop')
    .option('--project <project>', 'address or id of the project, where the name alone is not enough')
    .option('--annotators <n>', 'how many rank', '3')
    .option('--accuracy <p>', 'probability to order two answers as the gold does', '0.85')
    .option('--rounds <n>', 'until this many rounds have ended; without it, until no task is left now')
    .option('--seed <n>', 'of what they perceive', '1')
    .addHelpText(
      'after',
      '\nTheir rankings are marked: they are members of kind SIMULATED.\n\nExample:\n  plumbline loop annotate first --project stories --rounds 1',
    )
    .action(
      action(context, async (given) => {
        const config = annotatorConfig.parse({ accuracy: Number(text(given, 'accuracy')) });
        const installation = await openInstallation(context);
        const { deps, actor } = installation;
        const found = await findLoop(installation, argument(given, 0), optionalText(given, 'project'));
        const { id: loopId, projectId } = await getLoop(deps, actor, { loopId: found.id });
        const annotators = await makeAnnotators(
          deps,
          projectId,
          whole(given, 'annotators', 1),
          createRandom(whole(given, 'seed', 0), 'annotate'),
        );
        const rounds = optionalWhole(given, 'rounds', 1) ?? null;
        let looked = false;
        const sent = await annotateUntil(deps, { projectId, gold: warmStoryGold, config, annotators }, async () => {
          const now = await getLoop(deps, actor, { loopId });
          const ended = now.rounds.filter((round) => round.outcome !== null).length;
          const over = now.status === 'DONE' || now.status === 'CANCELLED' || now.status === 'FAILED';
          const enough = rounds === null ? looked : ended >= rounds;
          looked = true;
          context.terminal.progress(`${ended} of ${rounds ?? 'any'} rounds ended`);
          return over || enough;
        });
        return { json: { loopId, sent }, text: `${sent} rankings sent.` };
      }),
    );
}
