import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DirectTx, Statements } from '#lib/db/direct-db';
import type { Actor } from '#lib/domain/actor';
import { leaseExpiry } from '#lib/domain/assignment';
import type { Deps } from '#lib/services/deps';
import { admit, requireUser } from '#lib/services/people/authorise';
import { injectCheck } from '#lib/services/quality/inject-check';
import { nextTestTask } from '#lib/services/quality/next-test-task';
import { isWorthMoving, moveCursors } from './claim-cursor';
import type { OpenLevel } from './claim-level';
import { claimSlot, findOpenLevels } from './claim-slot';
import { loadClaimState, type Refusal, refusalOf, refuse, type Standing } from './claim-standing';
import { createAssignment, type NewAssignment } from './create-assignment';
import { type AssignmentView, loadAssignmentView } from './get-assignment-view';
import { type Held, renewLease } from './held-tasks';
import { leaseOwnSlot } from './lease-own-slot';
import { isProgressKnown } from './progress';
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
  const claimed = await claim(deps, { userId, projectId, ahead, actor });
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
  return (await claim(deps, { userId, projectId, ahead, actor: null })).view;
}

interface Claimed {
  readonly view: AssignmentView | null;
  readonly refusal: Refusal | null;
}

interface Claim {
  readonly userId: string;
  readonly projectId: string;
  readonly ahead: boolean;
  /** Whose right is still to be checked. */
  readonly actor: Actor | null;
}

function claim(deps: Pick<Deps, 'db' | 'clock'>, asked: Claim): Promise<Claimed> {
  const now = deps.clock.now();
  return deps.db.direct.transaction((tx) => claimWithin(tx, asked, now));
}

async function claimWithin(tx: DirectTx, { userId, projectId, ahead, actor }: Claim, now: Date): Promise<Claimed> {
  const [, { membership, standing, held, lastWork }, levels] = await Promise.all([
    prepare(tx, userId, projectId),
    loadClaimState(tx, userId, projectId, now),
    findOpenLevels(tx, { userId, projectId }, now),
  ]);
  if (actor) admit(membership, actor, 'labeling.annotate');
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
  return { view: await claimNew(tx, standing, now, { lastWork, behind: second, levels }), refusal: null };
}

/**
 * Two pages of one person come one after the other, so that both get the same task and nobody hoards. Every statement of the claim reads a
 * few entries of an index, whatever is asked for: it is planned once a connection, and the planner is kept from other ways, which look cheap
 * while the statistics of a filling table are old.
 */
async function prepare(tx: Statements, userId: string, projectId: string): Promise<void> {
  await tx.$executeRaw`
    select pg_advisory_xact_lock(hashtextextended(${`claim ${projectId} ${userId}`}, 0)),
      set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true),
      set_config('enable_mergejoin', 'off', true), set_config('enable_sort', 'off', true), set_config('jit', 'off', true),
      set_config('plan_cache_mode', 'force_generic_plan', true)`;
}

interface Found {
  readonly lastWork: string | null;
  /** The task in hand. */
  readonly behind: Held | undefined;
  readonly levels: readonly OpenLevel[];
}

async function claimNew(tx: DirectTx, standing: Standing, now: Date, { lastWork, behind, levels }: Found): Promise<AssignmentView | null> {
  const { userId, projectId, policy } = standing;
  const ahead = behind !== undefined;
  const check = lastWork && (await injectCheck(tx, { userId, projectId, lastWork, now }, policy));
  const checking = check && (await leaseOwnSlot(tx, { userId, taskId: check, now, ahead }));
  if (checking) return loadAssignmentView(tx, userId, checking, now, standing);
  const { slot, visits } = await claimSlot(tx, standing, levels, now, ahead);
  const taken = slot ?? (ahead ? null : await takeBack(tx, standing, now));
  const assignment = taken && { id: randomUUID(), userId, slot: taken, now, behind };
  const isLast = isProgressKnown(standing, now) && !visits.some((visit) => isWorthMoving(standing, visit));
  const [view] = await Promise.all([assignment && assign(tx, standing, assignment), isLast && tx.end()]);
  await moveCursors(tx, standing, visits, now);
  return view;
}

/** Both statements are sent before this waits for anything. */
async function assign(tx: Statements, standing: Standing, assignment: NewAssignment): Promise<AssignmentView> {
  const { userId, id, now } = assignment;
  const [, view] = await Promise.all([createAssignment(tx, assignment), loadAssignmentView(tx, userId, id, now, standing)]);
  return view;
}
