import path from 'node:path';
import type { Command } from 'commander';
import { importPrompts } from '#lib/services/data/import-prompts';
import { findProject } from '../find';
import { action, argument, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { readInput } from '../read-input';
import { facts } from '../terminal';

export function registerDataImport(data: Command, context: CliContext): void {
  data
    .command('import')
    .description('take the prompts of a JSON Lines file into a project, as a new dataset')
    .argument('<file>', 'each line one object: {"prompt": "..."} or {"messages": [{"role": "user", "content": "..."}]}')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--name <name>', 'name of the dataset (default: the name of the file)')
    .addHelpText(
      'after',
      '\nA file is taken whole or not at all. Up to 1 % of its lines (at least 10) may be faulty: they are left out and told.\n\nExample:\n  plumbline data import prompts.jsonl --project stories --name openings',
    )
    .action(
      action(context, async (given) => {
        const file = path.resolve(argument(given, 0));
        const name = optionalText(given, 'name') ?? path.basename(file, path.extname(file));
        const bytes = await readInput(file, 'Name a JSON Lines file that this user may read.');
        const installation = await openInstallation(context);
        const { id: projectId, slug } = await findProject(installation, text(given, 'project'));
        context.terminal.progress(`importing ${file}`);
        const taken = await importPrompts(installation.deps, installation.actor, {
          projectId,
          name,
          sourceName: path.basename(file),
          bytes,
        });
        return { json: { project: slug, name, ...taken }, text: importText(name, taken) };
      }),
    );
}

function importText(name: string, taken: Awaited<ReturnType<typeof importPrompts>>): string {
  const { TRAIN, VALIDATION, TEST } = taken.splits;
  const told = [
    facts([
      ['dataset', name],
      ['prompts', taken.taken],
      ['splits', `${TRAIN} train, ${VALIDATION} validation, ${TEST} test`],
      ['duplicates', taken.duplicates],
      ['left out', taken.rejected],
      ['id', taken.datasetId],
    ]),
  ];
  for (const { cause, count, examples } of taken.errors) {
    told.push('', `${count} left out: ${cause}`);
    for (const { line, field, message, excerpt } of examples)
      told.push(`  line ${line}: ${[field, message].filter(Boolean).join(' ')}  ${excerpt}`);
  }
  return told.join('\n');
}
