import type { Command } from 'commander';
import { AppError } from '#lib/errors';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import { action, type CliContext } from '../frame';
import { openInstallation } from '../installation';
import { joinLink } from '../join-link';
import { facts, formatTime } from '../terminal';

export function registerPeopleFirstAdmin(people: Command, context: CliContext): void {
  people
    .command('first-admin')
    .description('make the one-time link of the first admin; the link before it stops working')
    .addHelpText('after', '\nExample:\n  plumbline people first-admin')
    .action(
      action(context, async () => {
        const { deps, env, actor } = await openInstallation(context);
        const made = await createFirstAdminInvitation(deps, actor);
        if (made === null) {
          throw new AppError('PRECONDITION', 'This installation has an admin.', {
            remedy: 'Sign in as that admin; members are invited with "plumbline people invite".',
          });
        }
        const link = joinLink(env, made.token);
        return {
          json: { invitationId: made.invitationId, link, expiresAt: made.expiresAt },
          text: facts([
            ['link', link],
            ['good until', formatTime(made.expiresAt)],
          ]),
        };
      }),
    );
}
