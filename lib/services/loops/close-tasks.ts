import { z } from 'zod';
import { type Actor, actorUserId } from '#lib/domain/actor';
import { AppError } from '#lib/errors';
import type { Deps } from '../deps';
import { advance } from './advance';
import { authoriseRound } from './authorise-loop';
import { lockRound } from './lock-round';
import { recordNote } from './move-round';
import { countSlots } from './open-slots';

export const closeTasksInput = z.strictObject({
  roundId: z.uuid(),
  reason: z.string().trim().min(1, 'A reason is kept with the decision: write one.').max(4000),
});

/**
 * A researcher goes on with the answers of people that are there: what nobody has filled yet is no longer wanted (a deadline, or places that
 * everybody skipped). What somebody holds and sends later is kept as surplus.
 * @throws AppError CONFLICT where the round does not wait for people; PRECONDITION where nothing was labeled at all
 */
export async function closeTasks(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof closeTasksInput>,
): Promise<{ filled: number; closed: number }> {
  const { roundId, reason } = closeTasksInput.parse(input);
  await authoriseRound(deps, actor, roundId, 'loop.operate');
  const at = deps.clock.now();
  const counted = await deps.db.$transaction(async (tx) => {
    // Lock order as everywhere: tasks, slots, then the round.
    await tx.$queryRaw`select "id" from "Task" where "roundId" = ${roundId} and "status" = 'OPEN' order by "id" for update`;
    await tx.$queryRaw`
      select s."id" from "Slot" s join "Task" t on t."id" = s."taskId"
      where t."roundId" = ${roundId} and s."state" in ('FREE', 'LEASED') order by s."id" for update of s`;
    const round = await lockRound(tx, roundId);
    const purpose: 'LABELING' | 'EVALUATION' | null =
      round.stage === 'LABELING' ? 'LABELING' : round.stage === 'EVALUATION' ? 'EVALUATION' : null;
    if (!purpose || round.status !== 'WAITING') {
      throw new AppError('CONFLICT', 'The round does not wait for people now.', { details: { stage: round.stage, status: round.status } });
    }
    const { filled } = await countSlots(tx, roundId, purpose);
    if (filled === 0 && purpose === 'LABELING') {
      throw new AppError('PRECONDITION', 'Nothing is labeled yet, so there is nothing to go on with.', {
        remedy: 'Rank some tasks first.',
      });
    }
    const open = { task: { roundId, purpose }, state: { in: ['FREE' as const, 'LEASED' as const] } };
    const { count: closed } = await tx.slot.updateMany({
      where: open,
      data: { state: 'CANCELLED', annotatorId: null, leaseExpiresAt: null },
    });
    const tasks = { roundId, purpose, status: 'OPEN' as const };
    await tx.task.updateMany({ where: { ...tasks, slots: { some: { state: 'FILLED' } } }, data: { status: 'DONE' } });
    await tx.task.updateMany({ where: tasks, data: { status: 'CANCELLED' } });
    await recordNote(tx, round, 'tasksClosed', { actorId: actorUserId(actor), reason, data: { filled, closed } }, at);
    await advance(tx, round, at);
    return { filled, closed };
  });
  await deps.queues.wake();
  return counted;
}
