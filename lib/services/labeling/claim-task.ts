import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { DirectDb, DirectTx, Statements } from '#lib/db/direct-db';
import type { Prisma } from '#lib/db/generated/client';
import type { Actor } from '#lib/domain/actor';
import { leaseExpiry } from '#lib/domain/assignment';
import type { Deps } from '#lib/services/deps';
import { admit, requireUser } from '#lib/services/people/authorise';
import { injectCheck } from '#lib/services/quality/inject-check';
import { nextTestTask } from '#lib/services/quality/next-test-task';
import { isWorthMoving, moveCursors } from './claim-cursor';
import { type Level, levelsFor, type Visit } from './claim-level';
import { claimSlot, findOpenLevels, leaseInLevel } from './claim-slot';
import { loadClaimState, type Refusal, refusalOf, refuse, type Standing } from './claim-standing';
import { createAssignment } from './create-assignment';
import { type AssignmentView, findAssignmentView, loadAssignmentView } from './get-assignment-view';
import { type Held, renewLease } from './held-tasks';
import { leaseOwnSlot } from './lease-own-slot';
import { knownProgress } from './progress';
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
  /** What is to be done once the claim is committed. */
  readonly followUp?: (direct: DirectDb) => Promise<void>;
}

interface Claim {
  readonly userId: string;
  readonly projectId: string;
  readonly ahead: boolean;
  /** Whose right is still to be checked. */
  readonly actor: Actor | null;
}

/** Nearly always the level that comes first has a task for this person: then that is asked in the same trip as all that follows from it. */
async function claim({ db, clock }: Pick<Deps, 'db' | 'clock'>, asked: Claim): Promise<Claimed> {
  const now = clock.now();
  const atOnce = await db.direct.transaction((tx) => claimWithin(tx, asked, now, claimAtOnce));
  if (atOnce === null) return db.direct.transaction((tx) => claimWithin(tx, asked, now, claimOneByOne));
  await atOnce.followUp?.(db.direct);
  return atOnce;
}

async function claimWithin<T extends Claimed | null>(
  tx: DirectTx,
  { userId, projectId, ahead, actor }: Claim,
  now: Date,
  claimNew: (tx: DirectTx, standing: Standing, now: Date, found: Found) => Promise<T>,
): Promise<T | Claimed> {
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
  const found = { levels: levelsFor(standing, levels), behind: second };
  const check = lastWork && (await injectCheck(tx, { userId, projectId, lastWork, now }, standing.policy));
  const checking = check && (await leaseOwnSlot(tx, { userId, taskId: check, now, ahead: second !== undefined }));
  if (checking) return { view: await loadAssignmentView(tx, userId, checking, now, standing), refusal: null };
  return claimNew(tx, standing, now, found);
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
  readonly levels: readonly Level[];
  /** The task in hand. */
  readonly behind: Held | undefined;
}

/** Null where the first level has nothing for this person: then nothing new is claimed. */
async function claimAtOnce(tx: DirectTx, standing: Standing, now: Date, { levels, behind }: Found): Promise<Claimed | null> {
  const [level] = levels;
  const progress = knownProgress(standing, now);
  if (level === undefined || progress === null) return claimOneByOne(tx, standing, now, { levels, behind });
  const { userId } = standing;
  const id = randomUUID();
  const [slot, view] = await Promise.all([
    createAssignment(tx, leaseInLevel(standing, level, now, behind !== undefined), { id, userId, now, behind }),
    findAssignmentView(tx, userId, id, async () => progress),
    tx.end(),
  ]);
  if (slot === null) return null;
  const visit = { level, claimedAt: slot.position };
  if (!isWorthMoving(standing, visit)) return { view, refusal: null };
  return { view, refusal: null, followUp: (direct) => moveAfterwards(direct, standing, visit, now) };
}

async function moveAfterwards(direct: DirectDb, standing: Standing, visit: Visit, now: Date): Promise<void> {
  await direct.transaction(async (tx) => {
    await prepare(tx, standing.userId, standing.projectId);
    await moveCursors(tx, standing, [visit], now);
  });
}

async function claimOneByOne(tx: DirectTx, standing: Standing, now: Date, { levels, behind }: Found): Promise<Claimed> {
  const { userId } = standing;
  const ahead = behind !== undefined;
  const id = randomUUID();
  const take = (lease: Prisma.Sql) => createAssignment(tx, lease, { id, userId, now, behind });
  const { taken, visits } = await claimSlot(take, standing, levels, now, ahead);
  const has = taken || (!ahead && (await take(takeBack(standing, now))) !== null);
  const view = has ? await loadAssignmentView(tx, userId, id, now, standing) : null;
  await moveCursors(tx, standing, visits, now);
  return { view, refusal: null };
}
