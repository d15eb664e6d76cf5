import { type Command, Option } from 'commander';
import { taskKinds } from '#lib/domain/forms';
import { cancelTasks } from '#lib/services/tasks/cancel-tasks';
import { findDataset, findProject } from '../find';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';

export function registerTasksCancel(tasks: Command, context: CliContext): void {
  tasks
    .command('cancel')
    .description('hand out open tasks no more; what was annotated stays')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--dataset <dataset>', 'those of one import: name or id of its dataset')
    .addOption(new Option('--kind <kind>', 'those of one kind').choices(taskKinds))
    .option('--keys <key...>', 'those of these keys')
    .addHelpText(
      'after',
      "\nTasks of a loop's round are the loop's own and are let be.\n\nExample:\n  plumbline tasks cancel --project stories --dataset comparisons",
    )
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const named = optionalText(given, 'dataset');
        const dataset = named === undefined ? undefined : await findDataset(installation, projectId, named);
        const kind = taskKinds.find((one) => one === optionalText(given, 'kind'));
        const keys = Array.isArray(given.options.keys) ? given.options.keys.map(String) : undefined;
        const { cancelled } = await cancelTasks(installation.deps, installation.actor, {
          projectId,
          ...(dataset && { datasetId: dataset.id }),
          ...(kind && { kind }),
          ...(keys && { keys }),
        });
        return { json: { cancelled }, text: `${cancelled} tasks are cancelled.` };
      }),
    );
}
