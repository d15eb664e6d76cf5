import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Actor } from '#lib/domain/actor';
import { taskKinds } from '#lib/domain/forms';
import type { Deps } from '#lib/services/deps';
import { exportAnnotations } from '#lib/services/tasks/export-annotations';
import { findProject } from '../find';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { writeOutput } from '../write-output';

export function registerTasksExport(tasks: Command, context: CliContext): void {
  tasks
    .command('export')
    .description('write what was annotated as JSON Lines: the live annotations, each with task, annotator, content and order shown')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--out <file>', 'where to (default: standard output)')
    .addOption(new Option('--kind <kind>', 'those of one kind').choices(taskKinds))
    .addHelpText(
      'after',
      '\nAnnotators are named by pseudonym. "responses" holds the ids in the order of the imported row, "displayOrder" as the person saw them.\n\nExample:\n  plumbline tasks export --project stories --out labels.jsonl',
    )
    .action(
      action(context, async (given) => {
        const installation = await openInstallation(context);
        const { id: projectId } = await findProject(installation, text(given, 'project'));
        const out = optionalText(given, 'out');
        const kind = optionalText(given, 'kind');
        let annotations = 0;
        const counted = async function* () {
          for await (const { bytes, count } of linesOf(installation, { projectId, ...(kind && { kind }) })) {
            annotations += count;
            yield bytes;
          }
        };
        if (out === undefined) {
          for await (const bytes of counted()) await write(bytes);
          return { json: { annotations }, text: '' };
        }
        const file = path.resolve(out);
        const size = await writeOutput(file, counted());
        return { json: { annotations, file, bytes: size }, text: `${annotations} annotations are in ${file}.` };
      }),
    );
}

async function* linesOf({ deps, actor }: { deps: Pick<Deps, 'db'>; actor: Actor }, input: { projectId: string; kind?: string }) {
  for await (const page of exportAnnotations(deps, actor, input)) {
    const text = page.map((annotation) => `${JSON.stringify(annotation)}\n`).join('');
    yield { bytes: new TextEncoder().encode(text), count: page.length };
  }
}

/** Waits for a slow reader: what is piped on is not gathered in memory. */
function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));
}
