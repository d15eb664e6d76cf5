import { statfs } from 'node:fs/promises';
import { toAppError } from '#lib/db/create-db';
import type { Deps } from '../deps';

export interface Health {
  /** Ready for people: the database and the queue answer. */
  readonly ok: boolean;
  readonly database: { readonly ok: boolean; readonly reason: string | null };
  readonly queue: { readonly ok: boolean; readonly backend: 'postgres' | 'redis'; readonly reason: string | null };
  readonly workers: readonly {
    readonly id: string;
    readonly hostname: string;
    readonly pid: number;
    readonly queues: readonly string[];
    readonly engine: unknown;
    readonly alive: boolean;
    readonly heartbeatAt: Date;
  }[];
  /** Bytes free where the data lies; null where that cannot be read. */
  readonly freeDisk: number | null;
}

/** What /health/ready and "This computer" say. Holds nothing of a project; who may read the workers is decided by the caller. */
export async function getHealth(deps: Deps): Promise<Health> {
  const database = await answer(deps.db.$queryRaw`select 1`);
  const queue = await answer(deps.queues.ping());
  const freeDisk = await statfs(deps.config.dataDir).then(
    (stat) => stat.bavail * stat.bsize,
    () => null,
  );
  const alive = deps.clock.now().getTime() - deps.config.staleSeconds * 1000;
  const workers = database.ok ? await deps.db.workerProcess.findMany({ orderBy: { startedAt: 'asc' } }) : [];
  return {
    ok: database.ok && queue.ok,
    database,
    queue: { ...queue, backend: deps.queues.backend },
    workers: workers.map(({ id, hostname, pid, queues, engine, heartbeatAt }) => ({
      id,
      hostname,
      pid,
      queues,
      engine,
      heartbeatAt,
      alive: heartbeatAt.getTime() >= alive,
    })),
    freeDisk,
  };
}

async function answer(work: Promise<unknown>): Promise<{ ok: boolean; reason: string | null }> {
  try {
    await work;
    return { ok: true, reason: null };
  } catch (error) {
    return { ok: false, reason: toAppError(error).message };
  }
}
