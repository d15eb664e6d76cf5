import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { folderRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';
import { readSafetensors, safetensorsParts } from '#lib/formats/safetensors';
import type { EngineMode } from '#lib/ml/engine/engine';
import type { CheckpointData } from '#lib/ml/trainers/trainer';
import { outputError } from '../write-output';

const tensorsFile = 'state.safetensors';
const jsonFile = 'state.json';
const stateSchema = z.object({
  step: z.int(),
  engine: z.object({ backend: z.string(), device: z.string(), library: z.string(), threads: z.number() }),
  /** What the best checkpoint is chosen by, where it was measured at this step; smaller is better. */
  judged: z.number().nullable(),
  tensors: z.object({ bytes: z.int(), sha256: z.string() }),
  state: z.unknown(),
});
type State = z.infer<typeof stateSchema>;

const keptNewest = 2;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(file: string, parts: Iterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx');
  let bytes = 0;
  try {
    for (const part of parts) {
      await handle.writeFile(part);
      hash.update(part);
      bytes += part.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** OUT/checkpoints: a folder a step, whole or not there. Kept are the last two and the best one. */
export class CheckpointFolder {
  constructor(private readonly folder: string) {}

  private at(step: number): string {
    return path.join(this.folder, `step-${step}`);
  }

  /** Steps that have a folder, the newest first. */
  private async steps(): Promise<number[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names.flatMap((name) => (/^step-\d+$/.test(name) ? [Number(name.slice(5))] : [])).sort((a, b) => b - a);
  }

  /** Safe on the disk when this returns. @throws AppError DISK_FULL; then what was there before is as it was */
  async save(checkpoint: CheckpointData, about: { readonly engine: EngineMode; readonly judged: number | null }): Promise<void> {
    const { json, step, tensors } = checkpoint;
    const draft = path.join(this.folder, `.step-${step}`);
    try {
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { recursive: true });
      const { parts } = safetensorsParts(
        new Map(Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: () => tensor.data }])),
      );
      const written = await writeSynced(path.join(draft, tensorsFile), parts());
      const state: State = { step, engine: about.engine, judged: about.judged, tensors: written, state: json };
      await writeSynced(path.join(draft, jsonFile), [new TextEncoder().encode(`${JSON.stringify(state, null, 2)}\n`)]);
      await syncFolder(draft);
      await rm(this.at(step), { recursive: true, force: true });
      await rename(draft, this.at(step));
      await syncFolder(this.folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true }).catch(() => undefined);
      throw outputError(error, this.folder);
    }
    await this.prune();
  }

  private async prune(): Promise<void> {
    const steps = await this.steps();
    const judged = new Map<number, number>();
    for (const step of steps) {
      const state = await this.readState(step).catch(() => undefined);
      if (state !== undefined && state.judged !== null) judged.set(step, state.judged);
    }
    const [best] = [...judged].sort(([, a], [, b]) => a - b);
    for (const step of steps.slice(keptNewest)) {
      if (step !== best?.[0]) await rm(this.at(step), { recursive: true, force: true });
    }
  }

  private async readState(step: number): Promise<State> {
    return stateSchema.parse(JSON.parse(await readFile(path.join(this.at(step), jsonFile), 'utf8')));
  }

  private async read(step: number): Promise<CheckpointData> {
    const { state, tensors } = await this.readState(step);
    const files = await folderRanges(this.at(step));
    const size = await files.size(tensorsFile);
    if (size !== tensors.bytes) throw new AppError('BAD_INPUT', `${tensorsFile} has ${size ?? 0} bytes instead of ${tensors.bytes}`);
    const bytes = await files.read(tensorsFile, 0, size);
    if (createHash('sha256').update(bytes).digest('hex') !== tensors.sha256) {
      throw new AppError('BAD_INPUT', `${tensorsFile} is not what was written`);
    }
    return { step, tensors: Object.fromEntries(readSafetensors(bytes, `checkpoint of step ${step}`)), json: state };
  }

  /**
   * The newest checkpoint that is whole. A damaged one is named to `say` and taken away, and the one before is used.
   * @throws AppError PRECONDITION where there are checkpoints, and all are damaged
   */
  async newest(say: (line: string) => void): Promise<CheckpointData | undefined> {
    const steps = await this.steps();
    for (const [index, step] of steps.entries()) {
      try {
        const checkpoint = await this.read(step);
        // A process that was killed between writing this one and taking the oldest away left one too many.
        await this.prune();
        return checkpoint;
      } catch (error) {
        const reason = error instanceof AppError ? error.message : `${jsonFile} cannot be read`;
        const before = steps[index + 1];
        const next = before === undefined ? '' : `; going on from that of step ${before}`;
        say(`The checkpoint of step ${step} is damaged (${reason.replace(/\.$/, '')})${next}.`);
        if (before !== undefined) await rm(this.at(step), { recursive: true, force: true });
      }
    }
    if (steps.length === 0) return undefined;
    throw new AppError('PRECONDITION', `All checkpoints in ${this.folder} are damaged.`, {
      details: { folder: this.folder },
      remedy: 'Add --force instead of --resume to begin anew.',
    });
  }
}
