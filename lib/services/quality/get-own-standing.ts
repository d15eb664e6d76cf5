import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { attemptRecordSchema } from '#lib/domain/quality/attempt-record';
import { type AttemptScores, qualificationSpecSchema } from '#lib/domain/quality/qualification';
import { parseQualityPolicy } from '#lib/domain/quality/quality-policy';
import { reasonOfAttempt, reasonOfEvent, type StatedReason } from '#lib/domain/quality/stated-reason';
import type { Deps } from '#lib/services/deps';
import { authorise, requireUser } from '#lib/services/people/authorise';
import { questionOf } from './question-of';

export const getOwnStandingInput = z.strictObject({ projectId: z.uuid() });

/** What a person is told of the own standing in a project; nothing of anybody else. */
export interface OwnStanding {
  readonly paused: { readonly reason: StatedReason | null; readonly since: Date; readonly byRule: boolean } | null;
  /** The newest warning of the last week. */
  readonly warning: { readonly reason: StatedReason | null; readonly at: Date } | null;
  readonly training: { readonly required: boolean; readonly tasks: number; readonly trainedAt: Date | null };
  readonly qualification: {
    readonly required: boolean;
    readonly qualifiedAt: Date | null;
    /** Null: the project has no test. */
    readonly test: {
      readonly tasks: number;
      readonly topics: readonly { readonly key: string; readonly label: string }[];
      readonly maxAttempts: number;
    } | null;
    readonly attempts: readonly OwnAttempt[];
  };
  /** Results of gold tasks, once they may be shown. */
  readonly results: readonly OwnResult[];
  readonly appeals: readonly OwnAppeal[];
}

interface OwnAttempt {
  readonly attemptId: string;
  readonly state: 'RUNNING' | 'WAITING' | 'PASSED' | 'FAILED';
  readonly scores: AttemptScores | null;
  readonly reason: StatedReason | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

interface OwnResult {
  readonly annotationId: string;
  readonly question: string;
  readonly agreement: number;
  readonly compared: number;
  readonly passed: boolean;
  readonly explanation: string;
  readonly at: Date;
}

interface OwnAppeal {
  readonly appealId: string;
  readonly subject: 'PAUSE' | 'GOLD' | 'QUALIFICATION';
  readonly subjectId: string;
  readonly text: string;
  readonly status: 'OPEN' | 'UPHELD' | 'REJECTED';
  readonly answer: string | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

const week = 7 * 24 * 3_600_000;

/** Pause, warnings, training, qualification, results and appeals of the person who asks. */
export async function getOwnStanding(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: Actor,
  input: z.input<typeof getOwnStandingInput>,
): Promise<OwnStanding> {
  const { projectId } = getOwnStandingInput.parse(input);
  await authorise(deps, actor, projectId, 'labeling.annotate');
  const userId = requireUser(actor);
  const now = deps.clock.now();
  const membership = await deps.db.membership.findUniqueOrThrow({
    where: { projectId_userId: { projectId, userId } },
    select: {
      pausedAt: true,
      pauseReason: true,
      pausedByRule: true,
      trainedAt: true,
      qualifiedAt: true,
      project: { select: { labelingPolicy: true } },
    },
  });
  const policy = parseQualityPolicy(membership.project.labelingPolicy);
  const warning = await deps.db.membershipEvent.findFirst({
    where: { projectId, userId, kind: 'warned', at: { gte: new Date(now.getTime() - week) } },
    orderBy: { at: 'desc' },
    select: { reason: true, data: true, at: true },
  });
  const tasks = await deps.db.task.count({
    where: { projectId, purpose: 'TRAINING', status: { not: 'CANCELLED' }, gold: { retiredAt: null } },
  });
  const { pausedAt, pauseReason, pausedByRule, trainedAt, qualifiedAt } = membership;
  const pauseEvent =
    pausedAt &&
    (await deps.db.membershipEvent.findFirst({
      where: { projectId, userId, kind: 'paused' },
      orderBy: { at: 'desc' },
      select: { data: true },
    }));
  return {
    paused: pausedAt && { reason: reasonOfEvent(pauseReason, pauseEvent?.data), since: pausedAt, byRule: pausedByRule },
    warning: warning && { reason: reasonOfEvent(warning.reason, warning.data), at: warning.at },
    training: { required: policy.training.required, tasks, trainedAt },
    qualification: { required: policy.qualification.required, qualifiedAt, ...(await loadTest(deps, projectId, userId)) },
    results: await loadResults(deps, projectId, userId, new Date(now.getTime() - policy.revealAfterHours * 3_600_000)),
    appeals: await deps.db.appeal.findMany({ where: { projectId, userId }, orderBy: { createdAt: 'desc' }, take: 50 }).then((rows) =>
      rows.map(({ id, subject, subjectId, text, status, answer, createdAt, decidedAt }) => {
        return { appealId: id, subject, subjectId, text, status, answer, createdAt, decidedAt };
      }),
    ),
  };
}

async function loadTest(
  { db }: Pick<Deps, 'db'>,
  projectId: string,
  userId: string,
): Promise<Pick<OwnStanding['qualification'], 'test' | 'attempts'>> {
  const test = await db.qualificationTest.findFirst({
    where: { projectId },
    orderBy: { version: 'desc' },
    select: { spec: true, taskIds: true },
  });
  const spec = test && qualificationSpecSchema.parse(test.spec);
  const attempts = await db.qualificationAttempt.findMany({ where: { projectId, userId }, orderBy: { startedAt: 'desc' } });
  return {
    test: test && spec && { tasks: test.taskIds.length, topics: spec.topics, maxAttempts: spec.maxAttempts },
    attempts: attempts.map(({ id, state, scores, reason, startedAt, finishedAt }) => {
      const { reached } = attemptRecordSchema.parse(scores);
      return { attemptId: id, state, scores: reached, reason: reasonOfAttempt(reason, scores), startedAt, finishedAt };
    }),
  };
}

async function loadResults({ db }: Pick<Deps, 'db'>, projectId: string, userId: string, until: Date): Promise<OwnResult[]> {
  const rows = await db.annotationCheck.findMany({
    where: { projectId, annotatorId: userId, purpose: 'GOLD', voidedAt: null, at: { lte: until } },
    orderBy: { at: 'desc' },
    take: 100,
    select: {
      annotationId: true,
      agreement: true,
      compared: true,
      passed: true,
      at: true,
      annotation: { select: { task: { select: { prompt: { select: { messages: true } }, gold: { select: { explanation: true } } } } } },
    },
  });
  return rows.map(({ annotation, ...row }) => ({
    ...row,
    question: questionOf(annotation.task.prompt.messages),
    explanation: annotation.task.gold?.explanation ?? '',
  }));
}
