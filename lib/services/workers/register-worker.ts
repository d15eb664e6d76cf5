import type { Deps } from '../deps';

export interface WorkerIdentity {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly queues: readonly string[];
}

const forgetAfter = 24 * 3600_000;

/** Writes a worker process into the record, and forgets those unheard of for a day. */
export async function registerWorker(deps: Pick<Deps, 'db' | 'clock'>, worker: WorkerIdentity): Promise<void> {
  const at = deps.clock.now();
  await deps.db.workerProcess.deleteMany({ where: { heartbeatAt: { lt: new Date(at.getTime() - forgetAfter) } } });
  await deps.db.workerProcess.create({ data: { ...worker, queues: [...worker.queues], startedAt: at, heartbeatAt: at } });
}

export async function removeWorker(deps: Pick<Deps, 'db'>, workerId: string): Promise<void> {
  await deps.db.workerProcess.deleteMany({ where: { id: workerId } });
}
