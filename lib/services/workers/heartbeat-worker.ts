import type { Deps } from '../deps';

export interface HeldRun {
  readonly runId: string;
  readonly attempt: number;
}

/**
 * Says that a worker lives, and with it the runs whose child processes it watches. The worker speaks for the child, because a step of
 * training holds the child's event loop for as long as it takes. Only the attempt that the worker started is renewed.
 */
export async function heartbeatWorker(deps: Pick<Deps, 'db' | 'clock'>, workerId: string, held: readonly HeldRun[]): Promise<void> {
  const at = deps.clock.now();
  await deps.db.workerProcess.updateMany({ where: { id: workerId }, data: { heartbeatAt: at } });
  for (const { runId, attempt } of held) {
    await deps.db.run.updateMany({ where: { id: runId, attempt, status: 'RUNNING' }, data: { heartbeatAt: at, workerId } });
    await deps.db.$executeRaw`
      update "WorkerProcess" set "engine" = r."engine" from "Run" r
      where "WorkerProcess"."id" = ${workerId} and r."id" = ${runId} and r."engine" is not null and r."workerId" = ${workerId}`;
  }
}
