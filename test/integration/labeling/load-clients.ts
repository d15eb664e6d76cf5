/** What load.test.ts kills: a process with the services of the web process that serves many people at once. Says what it acknowledged. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createDb, toAppError } from '#lib/db/create-db';
import { systemClock } from '#lib/domain/clock';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { rankingOf } from '../../support/labeling';

const settings = z
  .object({ url: z.string(), projectId: z.string(), userIds: z.array(z.string()), goal: z.int() })
  .parse(JSON.parse(process.env.LOAD ?? ''));
const db = createDb(settings.url, { max: 10, connectTimeoutMs: 3000 });
const queues = connectQueues({ databaseUrl: settings.url, redisUrl: null }, () => undefined);
const deps = { db, clock: systemClock, queues };
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`);

/** As the page does it: tries again, with the same key, until it is answered. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (toAppError(error).code !== 'UNAVAILABLE') throw error;
      await sleep(200);
    }
  }
}

async function serve(userId: string): Promise<void> {
  const actor = { kind: 'user' as const, userId, isSystemAdmin: false };
  let task = await insist(() => claimTask(deps, actor, { projectId: settings.projectId }));
  for (let done = 0; done < settings.goal; done += 1) {
    if (!task) throw new Error('no task for a client among thousands');
    const submission = {
      assignmentId: task.assignmentId,
      idempotencyKey: randomUUID(),
      content: rankingOf(task.responses.map(({ id }) => id)),
      activeMs: 20_000,
    };
    const { annotationId, next } = await insist(() => submitAnnotation(deps, actor, submission));
    say({ kept: annotationId });
    task = next;
  }
  if (task) say({ holds: task.taskId });
}

await Promise.all(settings.userIds.map(serve));
await queues.close();
await db.$disconnect();
