import type { Tx } from '#lib/db/create-db';
import type { RunStatus } from '#lib/domain/runs';
import { AppError } from '#lib/errors';

/** Locks the run's row until the transaction ends; always before its round. */
export async function lockRun(tx: Tx, runId: string): Promise<{ status: RunStatus; roundId: string | null; resumable: boolean }> {
  await tx.$queryRaw`select "id" from "Run" where "id" = ${runId} for update`;
  const run = await tx.run.findUnique({ where: { id: runId }, select: { status: true, roundId: true, resumable: true } });
  if (!run) throw new AppError('NOT_FOUND', 'There is no such run.', { details: { runId } });
  return run;
}
