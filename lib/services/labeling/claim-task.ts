import { z } from 'zod';
import type { Tx } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { leaseExpiry } from '#lib/domain/assignment';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { injectCheck } from '#lib/services/quality/inject-check';
import { nextTestTask } from '#lib/services/quality/next-test-task';
import { moveCursors } from './claim-cursor';
import { claimSlot } from './claim-slot';
import { loadClaimState, type Refusal, refusalOf, refuse, type Standing } from './claim-standing';
import { createAssignment } from './create-assignment';
import { type AssignmentView, loadAssignmentView } from './get-assignment-view';
import { type Held, renewLease } from './held-tasks';
import { leaseOwnSlot } from './lease-own-slot';
import { takeBack } from './take-back';

export const claimTaskInput = z.strictObject({
  projectId: z.uuid(),
  /** One task beyond the one in hand, for the page to have ready; its lease is short. */
  ahead: z.boolean().default(false),
});

/**
 * The task this person still holds, or else a new one; null where nothing is left for him now.
 * @throws AppError PRECONDITION (details.need) where he is given no new work: paused, quota used up, training or qualification first
 */
export async function claimTask(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof claimTaskInput>,
): Promise<AssignmentView | null> {
  const { projectId, ahead } = claimTaskInput.parse(input);
  const userId = requireUser(actor);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const claimed = await claim(deps, userId, projectId, ahead);
  // A page that asks for a second task has one: it need not be told why there is no other.
  if (claimed.refusal && !ahead) refuse(claimed.refusal);
  return claimed.view;
}

/** The same for a person whose right was checked in this request; null also where he is given no new work. */
export async function claimFor(
  deps: Pick<Deps, 'db' | 'clock'>,
  userId: string,
  projectId: string,
  ahead: boolean,
): Promise<AssignmentView | null> {
  return (await claim(deps, userId, projectId, ahead)).view;
}

interface Claimed {
  readonly view: AssignmentView | null;
  readonly refusal: Refusal | null;
}

function claim(deps: Pick<Deps, 'db' | 'clock'>, userId: string, projectId: string, ahead: boolean): Promise<Claimed> {
  const now = deps.clock.now();
  return deps.db.$transaction((tx) => claimWithin(tx, userId, projectId, now, ahead));
}

async function claimWithin(tx: Tx, userId: string, projectId: string, now: Date, ahead: boolean): Promise<Claimed> {
  await prepare(tx, userId, projectId);
  const { standing, held, lastWork } = await loadClaimState(tx, userId, projectId, now);
  for (const candidate of ahead ? held.slice(1) : held) {
    if (await renewLease(tx, userId, candidate, leaseExpiry(now, ahead)))
      return { view: await loadAssignmentView(tx, userId, candidate.assignmentId, now, standing), refusal: null };
  }
  const current = held[0];
  // What lay preloaded until now may have become the task in hand: from here on it is held for long.
  if (ahead && current !== undefined) await renewLease(tx, userId, current, leaseExpiry(now, false));
  const refusal = refusalOf(standing, held.length);
  const second = ahead ? current : undefined;
  if (refusal === 'training' || refusal === 'qualification') {
    const test = await nextTestTask(tx, userId, projectId);
    const leased = test && (await leaseOwnSlot(tx, { userId, taskId: test.taskId, now, ahead: second !== undefined }));
    if (!leased) return { view: null, refusal };
    return { view: await loadAssignmentView(tx, userId, leased, now, standing), refusal: null };
  }
  if (refusal) return { view: null, refusal };
  return { view: await claimNew(tx, standing, now, { lastWork, behind: second }), refusal: null };
}

/**
 * Two pages of one person come one after the other, so that both get the same task and nobody hoards. Every statement of the claim reads a
 * few entries of an index, whatever is asked for: it is planned once a connection, and the planner is kept from other ways, which look cheap
 * while the statistics of a filling table are old.
 */
async function prepare(tx: Tx, userId: string, projectId: string): Promise<void> {
  await tx.$executeRaw`
    select pg_advisory_xact_lock(hashtextextended(${`claim ${projectId} ${userId}`}, 0)),
      set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
      set_config('enable_mergejoin', 'off', true), set_config('enable_sort', 'off', true), set_config('jit', 'off', true),
      set_config('plan_cache_mode', 'force_generic_plan', true)`;
}

async function claimNew(
  tx: Tx,
  standing: Standing,
  now: Date,
  { lastWork, behind }: { lastWork: string | null; behind: Held | undefined },
): Promise<AssignmentView | null> {
  const { userId, projectId, policy } = standing;
  const ahead = behind !== undefined;
  const check = lastWork && (await injectCheck(tx, { userId, projectId, lastWork, now }, policy));
  const checking = check && (await leaseOwnSlot(tx, { userId, taskId: check, now, ahead }));
  if (checking) return loadAssignmentView(tx, userId, checking, now, standing);
  const { slot, visits } = await claimSlot(tx, standing, now, ahead);
  const taken = slot ?? (ahead ? null : await takeBack(tx, standing, now));
  const assignmentId = taken && (await createAssignment(tx, userId, taken, now, behind));
  const view = assignmentId ? await loadAssignmentView(tx, userId, assignmentId, now, standing) : null;
  await moveCursors(tx, standing, visits, now);
  return view;
}
