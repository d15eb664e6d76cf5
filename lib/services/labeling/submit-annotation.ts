import { z } from 'zod';
import type { Db, Tx } from '#lib/db/create-db';
import type { Statements } from '#lib/db/direct-db';
import type { Actor } from '#lib/domain/actor';
import type { AnnotationContent } from '#lib/domain/annotation-content';
import { parseFormSpec } from '#lib/domain/forms';
import { type LabelingPolicy, parseLabelingPolicy } from '#lib/domain/labeling-policy';
import { AppError } from '#lib/errors';
import { closeChat, type Reveal, revealOf } from '#lib/services/chat/close-chat';
import { withTranscript } from '#lib/services/chat/transcript';
import type { Deps } from '#lib/services/deps';
import { afterAnnotation } from '#lib/services/loops/after-annotation';
import { admit, type Membership, membershipColumns, requireUser } from '#lib/services/people/authorise';
import { checkAnnotation } from '#lib/services/quality/check-annotation';
import type { TrainingFeedback } from '#lib/services/quality/training-feedback';
import { afterLabel, hasFollowUp, type LabelStanding } from '#lib/services/review/after-label';
import type { RewardHintView } from '#lib/services/review/reward-hint';
import { claimFor } from './claim-task';
import { closeTaskIfFull, fillSlot, isSent } from './fill-slot';
import type { AssignmentView } from './get-assignment-view';
import { type OpenSubmission, openSubmission } from './open-submission';
import { parseByForm } from './parse-submission';
import { isAdaptive, settleOverlap } from './settle-overlap';
import { type Acknowledgement, newAnnotation, type TaskPins } from './write-annotation';

const dayMs = 24 * 3600_000;

export const idempotencyKeySchema = z.string().min(8).max(100);
/** Time that the person was active on the task, as the page measured it; milliseconds. */
export const activeMsSchema = z
  .number()
  .min(0)
  .transform((value) => Math.round(Math.min(value, dayMs)));

export const submitAnnotationInput = z.strictObject({
  assignmentId: z.uuid(),
  /** Made by the page once for each submission; the same key again gives the same acknowledgement. */
  idempotencyKey: idempotencyKeySchema,
  content: z.unknown(),
  activeMs: activeMsSchema,
});

/** What may be told once the judgement is kept; each only where it applies. */
interface Told {
  readonly feedback?: TrainingFeedback;
  readonly hint?: RewardHintView;
  readonly reveal?: Reveal;
}

export interface SubmittedAnnotation extends Acknowledgement, Told {
  /** A task that this person does not hold yet: the one after the preloaded one, where there is one. Null where nothing is left now. */
  readonly next: AssignmentView | null;
}

/**
 * Keeps a person's judgement: annotation, slot, assignment and what follows from them in one transaction. A late one is
 * kept as well, in another slot of the task that wants it, or as surplus.
 * @throws AppError BAD_INPUT where an answer is missing; CONFLICT where the task was sent already
 */
export async function submitAnnotation(
  deps: Pick<Deps, 'db' | 'clock' | 'queues'>,
  actor: Actor,
  input: z.input<typeof submitAnnotationInput>,
): Promise<SubmittedAnnotation> {
  const { assignmentId, idempotencyKey, content, activeMs } = submitAnnotationInput.parse(input);
  const said = { userId: requireUser(actor), assignmentId, idempotencyKey, content, activeMs };
  const now = deps.clock.now();
  const kept = (await keepByStatements(deps.db, actor, said, now)) ?? (await keepByModels(deps.db, actor, said, now));
  if (kept.moves) await deps.queues.wake();
  return { ...kept.acknowledgement, ...kept.told, next: await claimFor(deps, said.userId, kept.projectId, true) };
}

/** Null where it needs the models of the database: nothing is written then. */
function keepByStatements({ direct }: Db, actor: Actor, said: Said, now: Date): Promise<Kept | null> {
  return direct.transaction(async (tx) => {
    const [work, open] = await Promise.all([loadWork(tx, actor, said), openSubmission(tx, said, now)]);
    return needsModels(work, said) ? null : keep({ tx, models: null, end: tx.end }, work, open, said, now);
  });
}

function keepByModels(db: Db, actor: Actor, said: Said, now: Date): Promise<Kept> {
  return db.$transaction(async (tx) => {
    const [work, open] = await Promise.all([loadWork(tx, actor, said), openSubmission(tx, said, now)]);
    return keep({ tx, models: tx, end: nothing }, work, open, said, now);
  });
}

interface Work extends TaskPins {
  readonly taskId: string;
  readonly projectId: string;
  readonly purpose: string;
  readonly roundId: string | null;
  readonly displayOrder: readonly string[];
  readonly formSpec: unknown;
  readonly policy: LabelingPolicy;
}

interface Said {
  readonly userId: string;
  readonly assignmentId: string;
  readonly idempotencyKey: string;
  readonly content: unknown;
  readonly activeMs: number;
}

interface Kept {
  readonly acknowledgement: Acknowledgement;
  readonly told: Told;
  /** The round has what it wants: somebody has to see to it. */
  readonly moves: boolean;
  readonly projectId: string;
}

type WorkRow = Omit<Work, 'policy'> & { readonly policy: unknown } & { [K in keyof Membership]: Membership[K] | null };

/** @throws AppError NOT_FOUND where the assignment is not this person's; FORBIDDEN where he may not label any more */
async function loadWork(tx: Statements, actor: Actor, { userId, assignmentId }: Said): Promise<Work> {
  const [work] = await tx.$queryRaw<WorkRow[]>`
    select a."taskId", a."displayOrder", t."projectId", t."kind"::text as "kind", t."purpose"::text as "purpose", t."roundId",
      t."guidelineId", t."formVersionId", f."spec" as "formSpec", p."labelingPolicy" as "policy", ${membershipColumns}
    from "Assignment" a join "Task" t on t."id" = a."taskId" join "FormVersion" f on f."id" = t."formVersionId"
    join "Project" p on p."id" = t."projectId"
    left join ("Membership" m join "User" u on u."id" = m."userId") on m."projectId" = p."id" and m."userId" = a."annotatorId"
    where a."id" = ${assignmentId} and a."annotatorId" = ${userId}`;
  if (!work) throw new AppError('NOT_FOUND', 'This task is not yours.');
  const { roles, pseudonym, disabled, ...found } = work;
  admit(roles === null || pseudonym === null || disabled === null ? null : { roles, pseudonym, disabled }, actor, 'labeling.annotate');
  return { ...found, policy: parseLabelingPolicy(found.policy) };
}

/** The transaction of a submission; what goes on beside most labels needs statements alone. */
interface Within {
  readonly tx: Statements;
  /** The same transaction with Prisma's models, where `needsModels`. */
  readonly models: Tx | null;
  /** Commits with the statement that was sent just before, where nothing follows it. */
  end(): Promise<void>;
}

async function nothing(): Promise<void> {}

function modelsOf({ models }: Within): Tx {
  if (models === null) throw new AppError('INVARIANT', 'This submission needs the models of the database.');
  return models;
}

/** The end of a conversation and the checks of a label are read and kept through Prisma's models. */
function needsModels(work: Work, said: Said): boolean {
  return work.kind === 'CHAT' || mayBeChecked(work, said);
}

/** Of work that was not sent too fast there is nothing to check. */
function mayBeChecked({ kind, purpose, policy }: Work, { activeMs }: Said): boolean {
  return !isWork(purpose) || activeMs < policy.dwell.minMs[kind];
}

async function keep(within: Within, work: Work, open: OpenSubmission, said: Said, now: Date): Promise<Kept> {
  const { tx } = within;
  const { taskId, projectId, purpose, policy, displayOrder, kind, guidelineId, formVersionId } = work;
  const { userId, assignmentId, idempotencyKey, activeMs } = said;
  const { before, slotId, labels } = open;
  if (before) return { acknowledgement: before, told: await toldAgain(within, kind, before.annotationId), moves: false, projectId };
  const sent = kind === 'CHAT' ? await withTranscript(modelsOf(within), assignmentId, said.content) : said.content;
  const content = await parseByForm(tx, parseFormSpec(work.formSpec), displayOrder, sent);
  const { acknowledgement, row } = newAnnotation(
    {
      ...{ taskId, slotId, assignmentId, annotatorId: userId, kind, guidelineId, formVersionId },
      ...{ content, displayOrder, idempotencyKey, surplus: slotId === null, activeMs },
    },
    now,
    isSent,
  );
  const { annotationId } = acknowledgement;
  // Only what is asked of everybody is ever full: a check or a test is given to one person after the other.
  const mayClose = slotId !== null && isWork(purpose) && !isAdaptive(work, policy);
  const filling = { assignmentId, taskId, slotId, annotationId, now, mayClose, work: { userId, projectId, purpose } };
  const standing = { ...labels, labels: labels.labels + (slotId === null ? 0 : 1) };
  const isLast = !needsModels(work, said) && !hasFollowUp(standing) && !isAdaptive(work, policy) && work.roundId === null;
  const [filled] = await Promise.all([fillSlot(tx, row, filling), isLast && within.end()]);
  if (!filled.sent) throw new AppError('CONFLICT', 'This task was sent already.', { remedy: 'Take it back or correct it instead.' });
  const told = await tell(within, work, said, { annotationId, content, standing, now });
  const closed = filled.closed || (slotId !== null && isAdaptive(work, policy) && (await closeSettled(tx, work)));
  return { acknowledgement, told, moves: closed && work.roundId !== null && (await afterAnnotation(tx, taskId)), projectId };
}

async function closeSettled(tx: Statements, work: Work): Promise<boolean> {
  await settleOverlap(tx, { ...work, responseIds: work.displayOrder }, work.policy);
  return closeTaskIfFull(tx, work.taskId);
}

function isWork(purpose: string): boolean {
  return purpose === 'LABELING' || purpose === 'EVALUATION';
}

interface JustKept {
  readonly annotationId: string;
  readonly content: AnnotationContent;
  readonly standing: LabelStanding;
  readonly now: Date;
}

const none = { feedback: null } as const;

async function tell(within: Within, work: Work, said: Said, { annotationId, content, standing, now }: JustKept): Promise<Told> {
  const { tx } = within;
  const { taskId, kind, policy } = work;
  const { userId, assignmentId, activeMs } = said;
  const checked = { annotationId, taskId, annotatorId: userId, content, activeMs, now };
  const { feedback } = mayBeChecked(work, said) ? await checkAnnotation(modelsOf(within), checked) : none;
  const hint = await afterLabel(tx, { taskId, now, label: { annotationId, content }, hintAt: policy.hintAt, standing });
  const reveal = kind === 'CHAT' ? await closeChat(modelsOf(within), { assignmentId, annotationId }) : null;
  return { ...(feedback && { feedback }), ...(hint && { hint }), ...(reveal && { reveal }) };
}

async function toldAgain(within: Within, kind: string, annotationId: string): Promise<Told> {
  const reveal = kind === 'CHAT' ? await revealOf(modelsOf(within), annotationId) : null;
  return reveal ? { reveal } : {};
}
