import type { Command } from 'commander';
import { type Role, roles } from '#lib/domain/permissions';
import { AppError } from '#lib/errors';
import { createInvitation } from '#lib/services/people/create-invitation';
import { findProject } from '../find';
import { action, type CliContext, optionalText, text } from '../frame';
import { openInstallation } from '../installation';
import { joinLink } from '../join-link';
import { facts, formatTime } from '../terminal';

export function registerPeopleInvite(people: Command, context: CliContext): void {
  people
    .command('invite')
    .description('make a link that lets one person into a project; it works once, for a week')
    .requiredOption('--project <project>', 'address or id of the project')
    .option('--roles <roles>', `comma-separated: ${roles.map((role) => role.toLowerCase()).join(', ')}`, 'annotator')
    .option('--email <address>', 'only this address can use the link')
    .addHelpText('after', '\nExample:\n  plumbline people invite --project stories --roles annotator,reviewer --email mei@example.org')
    .action(
      action(context, async (given) => {
        const granted = parseRoles(text(given, 'roles'));
        const email = optionalText(given, 'email');
        const installation = await openInstallation(context);
        const { deps, env, actor } = installation;
        const project = await findProject(installation, text(given, 'project'));
        const made = await createInvitation(deps, actor, { projectId: project.id, roles: granted, ...(email ? { email } : {}) });
        const link = joinLink(env, made.token);
        return {
          json: { invitationId: made.invitationId, link, roles: granted, project: project.slug, expiresAt: made.expiresAt },
          text: facts([
            ['link', link],
            ['project', project.slug],
            ['roles', granted.map((role) => role.toLowerCase()).join(', ')],
            ['good until', formatTime(made.expiresAt)],
          ]),
        };
      }),
    );
}

function parseRoles(list: string): Role[] {
  return list.split(',').map((name) => {
    const role = roles.find((each) => each === name.trim().toUpperCase());
    if (role !== undefined) return role;
    throw new AppError('BAD_INPUT', `There is no role "${name.trim()}".`, {
      details: { option: 'roles' },
      remedy: `Choose from ${roles.map((each) => each.toLowerCase()).join(', ')}.`,
    });
  });
}
