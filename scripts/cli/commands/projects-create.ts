import type { Command } from 'commander';
import { createProject } from '#lib/services/projects/create-project';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { facts } from '../terminal';

export function registerProjectsCreate(projects: Command, context: CliContext): void {
  projects
    .command('create')
    .description('make a project with a first guideline and a ranking form')
    .requiredOption('--name <name>', 'name that people read')
    .option('--slug <slug>', 'address: small letters, digits, hyphens (default: made from the name)')
    .option('--description <text>', 'what it is for')
    .addHelpText('after', '\nExample:\n  plumbline projects create --name "Bedtime stories" --slug stories')
    .action(
      action(context, async (given) => {
        const name = text(given, 'name');
        const slug = optionalText(given, 'slug');
        const description = optionalText(given, 'description');
        const { deps, actor } = await openInstallation(context);
        const made = await createProject(deps, actor, { name, ...(slug ? { slug } : {}), ...(description ? { description } : {}) });
        return {
          json: { projectId: made.projectId, slug: made.slug, name },
          text: facts([
            ['project', name],
            ['address', made.slug],
            ['id', made.projectId],
          ]),
        };
      }),
    );
}
