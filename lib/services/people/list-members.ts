import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import type { Role } from '#lib/domain/permissions';
import type { Deps } from '#lib/services/deps';
import { authorise } from './authorise';

export const listMembersInput = z.strictObject({ projectId: z.uuid() });

export interface MemberView {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly kind: 'PERSON' | 'SIMULATED';
  readonly roles: readonly Role[];
  readonly joinedAt: Date;
}

/** Who works in a project, in the order of joining. Needs member.read. */
export async function listMembers(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listMembersInput>,
): Promise<readonly MemberView[]> {
  const { projectId } = listMembersInput.parse(input);
  await authorise(deps, actor, projectId, 'member.read');
  const rows = await deps.db.membership.findMany({
    where: { projectId },
    orderBy: [{ createdAt: 'asc' }, { userId: 'asc' }],
    select: { userId: true, roles: true, createdAt: true, user: { select: { name: true, email: true, kind: true } } },
  });
  return rows.map(({ userId, roles, createdAt, user }) => ({ userId, ...user, roles, joinedAt: createdAt }));
}
