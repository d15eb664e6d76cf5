import type { Tx } from '#lib/db/create-db';
import type { RunSpec } from '#lib/domain/runs';
import { writeEdges } from '../lineage/write-edges';
import { addOutbox } from '../outbox/add-outbox';
import { inputEdges } from './input-edges';

interface NewRun {
  readonly projectId: string;
  readonly roundId: string | null;
  readonly spec: RunSpec;
  /** What the inputs were when the run was asked for: compared when it starts. */
  readonly inputHashes: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly device: 'CPU' | 'GPU';
  readonly createdById: string | null;
}

/** Writes the run, its input edges and the outbox row that starts it. */
export async function createRun(tx: Tx, run: NewRun): Promise<string> {
  const { id } = await tx.run.create({
    data: {
      projectId: run.projectId,
      roundId: run.roundId,
      kind: run.spec.kind,
      config: run.spec.config as object,
      inputs: run.spec.inputs as object,
      inputHashes: run.inputHashes,
      seed: run.seed,
      device: run.device,
      createdById: run.createdById,
    },
    select: { id: true },
  });
  await writeEdges(tx, inputEdges(id, run.spec));
  await addOutbox(tx, { kind: 'run', subjectId: id, dedupeKey: `run-${id}` });
  return id;
}
