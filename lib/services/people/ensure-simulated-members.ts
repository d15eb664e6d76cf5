import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';

export const ensureSimulatedMembersInput = z.strictObject({
  projectId: z.uuid(),
  names: z.array(z.string().trim().min(1).max(100)).min(1).max(1000),
});

/**
 * Makes simulated annotators members of a project, each name once. They have no account to sign in with, are marked
 * SIMULATED wherever people are listed, and only the command line acts for them.
 */
export async function ensureSimulatedMembers(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof ensureSimulatedMembersInput>,
): Promise<readonly { userId: string; name: string }[]> {
  if (actor.kind !== 'system') throw new AppError('FORBIDDEN', 'Simulated annotators are made on the command line only.');
  const { projectId, names } = ensureSimulatedMembersInput.parse(input);
  return deps.db.$transaction(async (tx) => {
    const members: { userId: string; name: string }[] = [];
    for (const name of names) {
      // `.invalid` is reserved (RFC 2606): no such address can receive anything.
      const email = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.${projectId}@simulated.invalid`;
      const { id: userId } = await tx.user.upsert({
        where: { email },
        create: { email, name, kind: 'SIMULATED' },
        update: {},
        select: { id: true },
      });
      await tx.membership.upsert({
        where: { projectId_userId: { projectId, userId } },
        create: { projectId, userId, roles: ['ANNOTATOR'] },
        update: {},
      });
      members.push({ userId, name });
    }
    return members;
  });
}
