import { z } from 'zod';
import type { Actor } from '#lib/domain/actor';
import { attemptRecordSchema } from '#lib/domain/quality/attempt-record';
import type { AttemptScores } from '#lib/domain/quality/qualification';
import type { Deps } from '#lib/services/deps';
import { authorise } from '#lib/services/people/authorise';
import { personLabel } from './person-label';
import { questionOf } from './question-of';

export const listAttemptsInput = z.strictObject({ projectId: z.uuid() });

export interface AttemptView {
  readonly attemptId: string;
  readonly person: string;
  readonly state: 'RUNNING' | 'WAITING' | 'PASSED' | 'FAILED';
  readonly scores: AttemptScores | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  /** Texts to rate, where the attempt waits for it. */
  readonly written: readonly {
    readonly taskId: string;
    readonly question: string;
    readonly text: string;
    readonly rating: number | null;
  }[];
}

/** Attempts at the qualification, those that wait for ratings first. Whoever rates sees no name. Needs quality.rate. */
export async function listAttempts(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  input: z.input<typeof listAttemptsInput>,
): Promise<readonly AttemptView[]> {
  const { projectId } = listAttemptsInput.parse(input);
  await authorise(deps, actor, projectId, 'quality.rate');
  const attempts = await deps.db.qualificationAttempt.findMany({ where: { projectId }, orderBy: { startedAt: 'desc' }, take: 200 });
  const members = await deps.db.membership.findMany({
    where: { projectId, userId: { in: attempts.map(({ userId }) => userId) } },
    select: { userId: true, pseudonym: true },
  });
  const views: AttemptView[] = [];
  for (const attempt of attempts) {
    const record = attemptRecordSchema.parse(attempt.scores);
    views.push({
      attemptId: attempt.id,
      person: personLabel(members.find(({ userId }) => userId === attempt.userId)?.pseudonym ?? attempt.userId),
      state: attempt.state,
      scores: record.reached,
      startedAt: attempt.startedAt,
      finishedAt: attempt.finishedAt,
      written: attempt.state === 'WAITING' ? await loadWritten(deps, attempt.userId, record.taskIds, record.ratings) : [],
    });
  }
  return views.sort((a, b) => Number(b.state === 'WAITING') - Number(a.state === 'WAITING'));
}

const writtenSchema = z.object({ text: z.string().optional(), correction: z.object({ text: z.string() }).optional() });

async function loadWritten(deps: Pick<Deps, 'db'>, userId: string, taskIds: readonly string[], ratings: Readonly<Record<string, number>>) {
  const rows = await deps.db.$queryRaw<{ taskId: string; messages: unknown; content: unknown }[]>`
    select t."id" as "taskId", p."messages", a."content"
    from "Task" t join "Prompt" p on p."id" = t."promptId"
    join "Slot" s on s."taskId" = t."id" and s."annotatorId" = ${userId}
    join "Annotation" a on a."id" = s."liveAnnotationId"
    where t."id" = any(${[...taskIds]}) and t."kind" in ('DEMONSTRATION', 'CORRECTION')
    order by t."createdAt", t."id"`;
  return rows.map(({ taskId, messages, content }) => {
    const written = writtenSchema.parse(content);
    return {
      taskId,
      question: questionOf(messages),
      text: written.text ?? written.correction?.text ?? '',
      rating: ratings[taskId] ?? null,
    };
  });
}
