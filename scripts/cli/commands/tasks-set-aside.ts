import type { Command } from 'commander';
import { listSetAside } from '#lib/services/labeling/list-set-aside';
import { returnTask } from '#lib/services/labeling/return-task';
import { findProject } from '../find';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { table } from '../terminal';

export function registerTasksSetAside(tasks: Command, context: CliContext): void {
  tasks
    .command('set-aside')
    .description('list the tasks that so many people skipped that they wait for you, or give one back to the queue')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--return <task>', 'id of a task to hand out again; who skipped it is not asked again')
    .addHelpText('after', '\nExample:\n  plumbline tasks set-aside --project stories')
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const taskId = optionalText(given, 'return');
        if (taskId !== undefined) {
          const { slots } = await returnTask(installation.deps, installation.actor, { taskId, projectId });
          return { json: { taskId, slots }, text: `The task is handed out again; it wants ${slots} annotations more.` };
        }
        const { tasks, total } = await listSetAside(installation.deps, installation.actor, { projectId });
        const rows = tasks.map(({ taskId, kind, skips }) => [taskId, kind, skips.map(({ reason }) => reason).join(', ')]);
        return {
          json: { tasks, total },
          text: total === 0 ? 'No task is set aside.' : `${table(['task', 'kind', 'skipped because'], rows)}\n${total} in all.`,
        };
      }),
    );
}
