import path from 'node:path';
import { type Command, Option } from 'commander';
import { type TaskKind, taskKinds } from '#lib/domain/forms';
import { type ImportedTasks, importTasks } from '#lib/services/tasks/import-tasks';
import { findProject } from '../find';
import { action, argument, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { readUnpacked } from '../read-input';
import { facts } from '../terminal';

const fields = `
Each line is one JSON object:
  prompt or messages  what is asked
  responses           [{"text", "model"?, "author"?}]: 2 to 9 to rank, 2 to choose from, 1 to correct, 1 to 9 to rate, flag or mark, none to write or to talk
  kind                ${taskKinds.join(', ')}
  overlap, priority, pool, language, skills, contentFlags, group, key
  gold                {"content", "explanation"?}: the right answer, the responses called "1", "2", ... in it
  training, qualification   true: given before real tasks, the first with the right answer afterwards
  spec                CHAT: {"models": [names], "maxTurns"?}; DEMONSTRATION: {"suggestions"?: [texts], "models"?: [name]}; both "temperature"?, "maxNewTokens"?

A file is taken whole or not at all. Up to 1 % of its lines (at least 10) may be faulty: they are left out and told. A row whose key the project has already is let be.

Example:
  plumbline tasks import comparisons.jsonl --project stories --kind PAIRWISE`;

export function registerTasksImport(tasks: Command, context: CliContext): void {
  tasks
    .command('import')
    .description('take the tasks of a JSON Lines file (plain or gzip) into a project')
    .argument('<file>', 'each line one object: {"prompt": "...", "responses": [{"text": "..."}, {"text": "..."}]}')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--name <name>', 'name of the dataset that their prompts make (default: the name of the file)')
    .addOption(new Option('--kind <kind>', 'of rows that name none').choices(taskKinds).default('RANKING'))
    .addHelpText('after', fields)
    .action(
      action(context, async (given) => {
        const file = path.resolve(argument(given, 0));
        const name = optionalText(given, 'name') ?? path.basename(file).replace(/\.(jsonl|ndjson|json)?(\.gz)?$/i, '');
        const bytes = await readUnpacked(file, 'Name a JSON Lines file that this user may read.');
        const installation = await openInstallation(context);
        const { id: projectId, slug } = await findProject(installation, text(given, 'project'));
        context.terminal.progress(`importing ${file}`);
        const kind = taskKinds.find((one) => one === text(given, 'kind'));
        const taken = await importTasks(installation.deps, installation.actor, {
          projectId,
          name,
          ...(kind && { kind }),
          sourceName: path.basename(file),
          bytes,
        });
        return { json: { project: slug, name, ...taken }, text: importText(name, taken) };
      }),
    );
}

function importText(name: string, taken: ImportedTasks): string {
  const kinds = Object.entries(taken.kinds) as [TaskKind, number][];
  const told = [
    facts([
      ['dataset', taken.datasetId === null ? 'none: all were there already' : name],
      ['tasks', taken.tasks],
      ['kinds', kinds.map(([kind, count]) => `${count} ${kind}`).join(', ') || 'none'],
      ['with known answer', taken.checks],
      ['annotations wanted', taken.slots],
      ['prompts', taken.prompts],
      ['here already', taken.known],
      ['left out', taken.rejected],
    ]),
  ];
  for (const { cause, count, examples } of taken.faults) {
    told.push('', `${count} left out: ${cause}`);
    for (const { line, field, message, excerpt } of examples) {
      told.push(`  line ${line}: ${[field, message].filter(Boolean).join(' ')}  ${excerpt}`);
    }
  }
  return told.join('\n');
}
