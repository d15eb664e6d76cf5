import { z } from 'zod';
import { AppError } from '#lib/errors';
import { readSafetensors, writeSafetensors } from '#lib/formats/safetensors';
import type { EngineMode } from '#lib/ml/engine/engine';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import { writeCheckpoint } from '#lib/services/runs/write-checkpoint';
import { persist } from './persist';
import type { RunContext } from './run-context';

const tensorsFile = 'state.safetensors';
const jsonFile = 'state.json';
const filesSchema = z.object({ [tensorsFile]: z.string(), [jsonFile]: z.string() });
const stateSchema = z.object({
  step: z.int(),
  engine: z.object({ backend: z.string(), device: z.string(), library: z.string(), threads: z.number() }),
  state: z.unknown(),
});

/** Weights and moments as safetensors, everything else as JSON beside them; durable in the blob store before the record names them. */
export async function saveCheckpoint(context: RunContext, checkpoint: CheckpointData, best = false): Promise<void> {
  const { deps, claim, engine } = context;
  const json = JSON.stringify({ step: checkpoint.step, engine: engine.mode(), state: checkpoint.json });
  const files = {
    [tensorsFile]: await deps.blobs.putBytes(writeSafetensors(checkpoint.tensors)),
    [jsonFile]: await deps.blobs.putBytes(new TextEncoder().encode(json)),
  };
  await persist(deps, context.signal, () => writeCheckpoint(deps, claim, { step: checkpoint.step, files, best }));
}

/**
 * The last checkpoint of the run, if it has one.
 * @throws AppError PRECONDITION where it was written under another engine mode: the numbers would no longer be the same
 */
export async function loadCheckpoint(context: RunContext): Promise<CheckpointData | undefined> {
  const { deps, run, engine } = context;
  const row = await deps.db.checkpoint.findFirst({
    where: { runId: run.id, prunedAt: null },
    orderBy: { step: 'desc' },
    select: { step: true, files: true },
  });
  if (!row) return undefined;
  const files = filesSchema.parse(row.files);
  const text = new TextDecoder().decode(await deps.blobs.readBytes(files[jsonFile]));
  const json = stateSchema.parse(JSON.parse(text));
  requireSameMode(json.engine, engine.mode());
  const tensors = readSafetensors(await deps.blobs.readBytes(files[tensorsFile]), `checkpoint of step ${row.step}`);
  return { step: row.step, tensors: Object.fromEntries(tensors), json: json.state };
}

function requireSameMode(stored: z.infer<typeof stateSchema>['engine'], now: EngineMode): void {
  const differs = (['backend', 'device', 'library', 'threads'] as const).filter((key) => stored[key] !== now[key]);
  if (differs.length === 0) return;
  const describe = (mode: typeof stored) => `${mode.backend} on ${mode.device}, ${mode.library}, ${mode.threads} threads`;
  throw new AppError('PRECONDITION', `The run began under ${describe(stored)}; this worker has ${describe(now)}.`, {
    details: { differs },
    remedy:
      'Resume it on a worker with the first engine and number of threads (PLUMBLINE_ENGINE, PLUMBLINE_THREADS): others give other last bits.',
  });
}
