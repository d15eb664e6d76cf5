import { systemActor } from '#lib/domain/actor';
import { readReportSubject } from '#lib/domain/quality/report-scope';
import { AppError } from '#lib/errors';
import { general } from '#lib/queues/general';
import type { Deps } from '#lib/services/deps';
import { advanceRound } from '#lib/services/loops/advance-round';
import { failOutbox } from '#lib/services/outbox/fail-outbox';
import { computeQualityReport } from '#lib/services/quality/compute-quality-report';
import { freezeSnapshot } from '#lib/services/snapshots/freeze-snapshot';
import { importModelFiles } from './import-model';

const actor = systemActor('worker');

/** One job of the general queue. What it does it does idempotently, in the transaction that also closes its outbox row. */
export async function processGeneral(deps: Deps, data: unknown): Promise<void> {
  const payload = general.payload.parse(data);
  if (payload.kind === 'wake') return;
  const row = await deps.db.outbox.findUnique({ where: { id: payload.outboxId } });
  if (!row || row.doneAt || row.attempt !== payload.attempt) return;
  try {
    await carryOut(deps, row);
  } catch (error) {
    deps.logger.error({ err: error, outboxId: row.id, kind: row.kind, subjectId: row.subjectId }, 'a general job failed');
    await failOutbox(deps, payload, error);
  }
}

async function carryOut(deps: Deps, row: { kind: string; subjectId: string }): Promise<void> {
  switch (row.kind) {
    case 'advance-round':
      return advanceRound(deps, actor, { roundId: row.subjectId });
    case 'freeze-snapshot':
      await freezeSnapshot(deps, actor, { roundId: row.subjectId });
      return;
    case 'quality-report':
      await computeQualityReport(deps, actor, readReportSubject(row.subjectId));
      return;
    case 'import-model':
      return importModelFiles(deps, row.subjectId);
    default:
      throw new AppError('INVARIANT', `This worker does not know the work "${row.kind}".`, {
        remedy: 'Start workers of the release that wrote it.',
      });
  }
}
