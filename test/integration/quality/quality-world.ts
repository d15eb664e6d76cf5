import { randomUUID } from 'node:crypto';
import type { Db } from '#lib/db/create-db';
import type { Actor } from '#lib/domain/actor';
import { comparisonFromOrder } from '#lib/domain/comparison';
import type { Queues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import type { AssignmentView } from '#lib/services/labeling/get-assignment-view';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { createBareProject, createLabelingRound, createMember, TestClock } from '../../support/labeling';

type Person = Actor & { kind: 'user' };

export const hour = 3_600_000;

export interface QualityWorld {
  readonly deps: { readonly db: Db; readonly clock: TestClock; readonly queues: Queues };
  readonly clock: TestClock;
  readonly projectId: string;
  readonly project: Awaited<ReturnType<typeof createBareProject>>;
  readonly taskIds: readonly string[];
  /** A task of a round that is over: nobody is given it as work. */
  readonly closedTaskId: string;
  readonly lead: Person;
  readonly annotator: Person;
}

/** A project with open ranking tasks of three answers, a lead and an annotator; checks only where the policy asks for them. */
export async function createQualityWorld(
  { db, queues }: { db: Db; queues: Queues },
  policy: object = {},
  tasks = 4,
): Promise<QualityWorld> {
  const project = await createBareProject(db);
  const { projectId } = project;
  const quiet = { gold: { share: 0 }, repeats: { share: 0 }, ...policy };
  await db.project.update({ where: { id: projectId }, data: { labelingPolicy: quiet } });
  const { taskIds } = await createLabelingRound(db, project, { tasks, overlap: 3 });
  const closed = await createLabelingRound(db, project, { tasks: 1 });
  await db.round.update({ where: { id: closed.roundId }, data: { status: 'DONE' } });
  const clock = new TestClock();
  const lead = await createMember(db, projectId, ['RESEARCHER', 'ADMIN'], 'Lea Lead');
  const annotator = await createMember(db, projectId, ['ANNOTATOR'], 'Ana Lopez');
  return { deps: { db, clock, queues }, clock, projectId, project, taskIds, closedTaskId: closed.taskIds[0] as string, lead, annotator };
}

export async function setPolicy({ deps, projectId }: QualityWorld, policy: object): Promise<void> {
  const { labelingPolicy } = await deps.db.project.findUniqueOrThrow({ where: { id: projectId } });
  await deps.db.project.update({ where: { id: projectId }, data: { labelingPolicy: { ...(labelingPolicy as object), ...policy } } });
}

/** Ids of a task's answers, in the order of their making: "best first" of every known answer here. */
export async function answersOf(db: Db, taskId: string): Promise<string[]> {
  const rows = await db.taskResponse.findMany({ where: { taskId }, orderBy: { position: 'asc' }, select: { responseId: true } });
  return rows.map(({ responseId }) => responseId);
}

export async function claim({ deps, projectId }: QualityWorld, actor: Actor): Promise<AssignmentView> {
  const view = await claimTask(deps, actor, { projectId });
  if (!view) throw new Error('nothing was left to claim');
  return view;
}

/** Sends a ranking of the task in hand: as the known answer says, or just the other way round. */
export async function send(world: QualityWorld, actor: Actor, view: AssignmentView, right: boolean, activeMs = 20_000) {
  const ids = await answersOf(world.deps.db, view.taskId);
  const order = right ? ids : ids.toReversed();
  world.clock.advance(60_000);
  return submitAnnotation(world.deps, actor, {
    assignmentId: view.assignmentId,
    idempotencyKey: randomUUID(),
    content: comparisonFromOrder(order.map((id) => [id])),
    activeMs,
  });
}
