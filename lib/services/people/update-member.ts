import { z } from 'zod';
import type { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '#lib/services/deps';
import { noteMembership } from '#lib/services/quality/pause';
import { authorise, requireUser } from './authorise';

const word = z.string().trim().min(1).max(60);
const words = z
  .array(word)
  .max(50)
  .transform((list) => [...new Set(list)].sort());
const quota = z.int().min(1).max(1_000_000).nullable();

export const updateMemberInput = z.strictObject({
  projectId: z.uuid(),
  userId: z.uuid(),
  skills: words.optional(),
  /** Language tags, such as en or zh-CN. */
  languages: words.optional(),
  dailyQuota: quota.optional(),
  totalQuota: quota.optional(),
  /** Cents a task; null: the project's rate. */
  payCents: z.int().min(0).max(1_000_000).nullable().optional(),
  /** Takes the person for trained or qualified without the tests, or takes it back. */
  trained: z.boolean().optional(),
  qualified: z.boolean().optional(),
});

/** Changes what rules a member's work; before and after are kept. Needs member.manage. */
export async function updateMember(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof updateMemberInput>,
): Promise<void> {
  const { projectId, userId, trained, qualified, ...given } = updateMemberInput.parse(input);
  await authorise(deps, actor, projectId, 'member.manage');
  const actorId = requireUser(actor);
  const now = deps.clock.now();
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  await deps.db.$transaction(async (tx) => {
    const where = { projectId_userId: { projectId, userId } };
    const select = {
      skills: true,
      languages: true,
      dailyQuota: true,
      totalQuota: true,
      payCents: true,
      trainedAt: true,
      qualifiedAt: true,
    } as const;
    const before = await tx.membership.findUnique({ where, select });
    if (!before) throw new AppError('NOT_FOUND', 'This person is not a member of the project.');
    const dates = {
      ...(trained !== undefined && { trainedAt: trained ? (before.trainedAt ?? now) : null }),
      ...(qualified !== undefined && { qualifiedAt: qualified ? (before.qualifiedAt ?? now) : null }),
    };
    const after = await tx.membership.update({ where, data: { ...said, ...dates }, select });
    await noteMembership(tx, { projectId, userId, kind: 'changed', data: { before: plain(before), after: plain(after) }, actorId, now });
  });
}

function plain(value: object): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(value));
}
