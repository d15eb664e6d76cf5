import type { Tx } from '#lib/db/create-db';
import type { RunResult } from '#lib/domain/runs';
import type { Deps } from '../deps';
import { writeEdges } from '../lineage/write-edges';
import { afterRun } from '../loops/after-run';
import { completeOutbox } from '../outbox/complete-outbox';
import { type Claim, fencedWrite } from './fenced-write';

/** A file that lies in the blob store. */
export interface StoredFile {
  readonly sha256: string;
  readonly size: number;
}

export interface ProducedModel {
  readonly kind: 'POLICY' | 'REWARD' | 'VALUE';
  readonly family: string;
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly files: Readonly<Record<string, StoredFile>>;
  readonly weightsHash: string;
  readonly card: Readonly<Record<string, unknown>>;
}

/**
 * The end of a run that did what it was asked: status and result, the model it made, lineage, the outbox row and the round's next move, in
 * one transaction, fenced.
 */
export async function finishRun(
  deps: Pick<Deps, 'db' | 'clock'>,
  claim: Claim,
  end: { result: RunResult; model?: ProducedModel; peakMemory?: number },
): Promise<{ modelId: string | null }> {
  const at = deps.clock.now();
  return fencedWrite(deps.db, claim, async (tx) => {
    const run = await tx.run.findUniqueOrThrow({
      where: { id: claim.runId },
      select: {
        id: true,
        kind: true,
        projectId: true,
        roundId: true,
        round: { select: { ordinal: true, loop: { select: { name: true } } } },
      },
    });
    const modelId = end.model ? await writeModel(tx, run, end.model) : null;
    const after = await afterRun(tx, { id: run.id, kind: run.kind, roundId: run.roundId, modelId }, at);
    const { moveOn, ...made } = after;
    await tx.run.update({
      where: { id: run.id },
      data: {
        status: 'DONE',
        phase: null,
        result: { ...end.result, ...made },
        finishedAt: at,
        heartbeatAt: at,
        cancelRequested: false,
        pauseRequested: false,
        ...(end.peakMemory ? { peakMemory: BigInt(end.peakMemory) } : {}),
      },
    });
    await tx.runEvent.create({ data: { runId: run.id, epoch: claim.epoch, code: 'done', data: modelId ? { modelId } : {} } });
    await completeOutbox(tx, 'run', run.id, at);
    await moveOn();
    return { modelId };
  });
}

interface RunOfModel {
  readonly id: string;
  readonly projectId: string;
  readonly round: { readonly ordinal: number; readonly loop: { readonly name: string } } | null;
}

async function writeModel(tx: Tx, run: RunOfModel, model: ProducedModel): Promise<string> {
  await registerArtifacts(tx, Object.values(model.files));
  const created = await tx.modelVersion.create({
    data: {
      projectId: run.projectId,
      name: await freeName(tx, run, model.kind),
      kind: model.kind,
      family: model.family,
      parameterCount: model.parameterCount,
      contextLength: model.contextLength,
      vocabularySize: model.vocabularySize,
      files: Object.fromEntries(Object.entries(model.files).map(([name, file]) => [name, file.sha256])),
      weightsHash: model.weightsHash,
      card: model.card as object,
      runId: run.id,
    },
    select: { id: true },
  });
  await writeEdges(tx, [{ from: { kind: 'RUN', id: run.id }, to: { kind: 'MODEL_VERSION', id: created.id }, kind: 'GENERATED_BY' }]);
  return created.id;
}

async function freeName(tx: Tx, run: RunOfModel, kind: string): Promise<string> {
  const base = run.round
    ? `${run.round.loop.name}, round ${run.round.ordinal}, ${kind.toLowerCase()}`
    : `${kind.toLowerCase()} ${run.id.slice(0, 8)}`;
  const taken = await tx.modelVersion.count({ where: { projectId: run.projectId, name: base } });
  return taken === 0 ? base : `${base} (${run.id.slice(0, 8)})`;
}

/** The index of the blob store: what it holds, and how large. */
export async function registerArtifacts(tx: Tx, files: readonly StoredFile[]): Promise<void> {
  await tx.artifact.createMany({
    data: files.map((file) => ({ sha256: file.sha256, size: BigInt(file.size) })),
    skipDuplicates: true,
  });
}
