import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors';
import type { WritableFile } from '#lib/ml/models/serialize-model';
import type { CheckpointData, StepMetrics } from '#lib/ml/trainers/trainer';
import { type DataLock, takeLock } from '../../bootstrap/data-lock.mjs';
import { writeFolder } from '../write-folder';
import { outputError, writeOutput } from '../write-output';
import { CheckpointFolder } from './checkpoint-folder';
import { type RunRecord, readRecord, requireSame } from './run-record';

const names = {
  record: 'run.json',
  metrics: 'metrics.jsonl',
  samples: 'samples.jsonl',
  checkpoints: 'checkpoints',
  result: 'training.json',
};
const lockName = '.lock';
const draftName = '.draft';

const isThere = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

const bytes = (json: unknown) => new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);

export interface OutOptions {
  readonly resume: boolean;
  readonly force: boolean;
}

/** @throws AppError BAD_INPUT or PRECONDITION where nothing may be begun or gone on with in this folder; reads only */
export async function requireUsable(out: string, { force, resume }: OutOptions): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (resume && force) throw new AppError('BAD_INPUT', '--resume and --force exclude each other.');
  if (found && !found.isDirectory())
    throw new AppError('BAD_INPUT', `${out} is a file, not a folder.`, { details: { file: out }, remedy: 'Choose another --out.' });
  const begun = await isThere(path.join(out, names.record));
  if (resume && !begun) {
    throw new AppError('BAD_INPUT', `There is no run in ${out} to go on with.`, {
      details: { folder: out },
      remedy: 'Name the --out of the run that was stopped, or leave out --resume to begin one.',
    });
  }
  if (resume || force) return;
  if (begun) {
    throw new AppError('PRECONDITION', `${out} holds a run already; nothing was changed.`, {
      details: { folder: out },
      remedy: 'Add --resume to go on with it, --force to begin anew, or choose another --out.',
    });
  }
  if (found && (await readdir(out)).some((name) => !name.startsWith('.'))) {
    throw new AppError('PRECONDITION', `The folder ${out} is not empty; nothing was written.`, {
      details: { folder: out },
      remedy: 'Choose another --out, or add --force to write into it.',
    });
  }
}

/** Takes away the rows behind a step, and a row that was cut off: a run that goes on writes them again. */
async function cutRows(file: string, step: number): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const rows = text.split('\n').slice(0, -1);
  const kept = rows.filter((row) => {
    try {
      return (JSON.parse(row) as { step: number }).step <= step;
    } catch {
      return false;
    }
  });
  if (kept.length === rows.length && text.endsWith('\n')) return;
  await writeOutput(file, [new TextEncoder().encode(kept.map((row) => `${row}\n`).join(''))]);
}

/** Files that a process was writing when it was killed. */
async function removeDrafts(out: string): Promise<void> {
  const drafts = [draftName, ...Object.values(names).map((name) => `.${name}.`)];
  for (const name of await readdir(out)) {
    if (drafts.some((draft) => name.startsWith(draft))) await rm(path.join(out, name), { recursive: true, force: true });
  }
}

/** The folder of one training run; one process at a time. */
export class OutFolder {
  private constructor(
    readonly folder: string,
    /** Where an earlier process stopped. */
    readonly resumed: CheckpointData | undefined,
    private readonly lock: DataLock,
    private readonly checkpoints: CheckpointFolder,
    private readonly metrics: FileHandle,
    private readonly samples: FileHandle,
  ) {}

  /** What a finished run left, null where it has not finished. */
  static async result(out: string): Promise<Record<string, unknown> | null> {
    const text = await readFile(path.join(out, names.result), 'utf8').catch(() => null);
    return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
  }

  /** @throws AppError CONFLICT where another process works there, BAD_INPUT where the run was begun with something else, DISK_FULL */
  static async open(out: string, record: RunRecord, options: OutOptions & { readonly say: (line: string) => void }): Promise<OutFolder> {
    let lock: DataLock | undefined;
    try {
      await mkdir(out, { recursive: true });
      lock = takeLock(
        path.join(out, lockName),
        { purpose: `train ${record.algorithm}` },
        (holder) =>
          new AppError('CONFLICT', `Another process trains into ${out}: ${holder}.`, {
            details: { folder: out },
            remedy: 'Wait for it or stop it, or choose another --out.',
          }),
      );
      await removeDrafts(out);
      const checkpoints = new CheckpointFolder(path.join(out, names.checkpoints));
      const state = options.resume ? await OutFolder.goOn(out, record, checkpoints, options.say) : await OutFolder.begin(out, record);
      const [metrics, samples] = [await open(path.join(out, names.metrics), 'a'), await open(path.join(out, names.samples), 'a')];
      return new OutFolder(out, state, lock, checkpoints, metrics, samples);
    } catch (error) {
      lock?.release();
      throw outputError(error, out);
    }
  }

  private static async begin(out: string, record: RunRecord): Promise<undefined> {
    for (const name of [names.result, names.checkpoints, names.metrics, names.samples]) {
      await rm(path.join(out, name), { recursive: true, force: true });
    }
    await writeOutput(path.join(out, names.record), [bytes(record)]);
  }

  private static async goOn(
    out: string,
    record: RunRecord,
    checkpoints: CheckpointFolder,
    say: (line: string) => void,
  ): Promise<CheckpointData | undefined> {
    const before = await readRecord(path.join(out, names.record));
    if (before !== null) requireSame(before, record, out);
    const state = await checkpoints.newest(say);
    // samples of step 0 are taken before anything is trained, and only by a run that begins
    for (const name of [names.metrics, names.samples]) await cutRows(path.join(out, name), state?.step ?? -1);
    return state;
  }

  /** The rows of a step, and its checkpoint where it has one. */
  async write(step: StepMetrics, about: { readonly engine: RunRecord['engine']; readonly judged: number | null }): Promise<void> {
    try {
      if (Object.keys(step.metrics).length > 0) await this.metrics.appendFile(`${JSON.stringify(metricsRow(step))}\n`);
      if (step.samples?.length) {
        await this.samples.appendFile(step.samples.map((sample) => `${JSON.stringify({ step: step.step, ...sample })}\n`).join(''));
      }
      if (!step.checkpoint) return;
      // a checkpoint stands for all rows up to its step
      await this.metrics.sync();
      await this.samples.sync();
    } catch (error) {
      throw outputError(error, this.folder);
    }
    await this.checkpoints.save(step.checkpoint, about);
  }

  /** Models into their folders ('' = OUT itself), and last of all training.json, which says that the run has finished. */
  async finish(
    folders: readonly { readonly name: string; readonly files: Iterable<WritableFile> }[],
    result: Readonly<Record<string, unknown>>,
  ): Promise<{ name: string; size: number }[]> {
    const written: { name: string; size: number }[] = [];
    const never = new AbortController().signal;
    for (const { files, name } of folders) {
      const draft = path.join(this.folder, draftName);
      await rm(draft, { recursive: true, force: true });
      for (const file of await writeFolder(path.join(this.folder, name), files, never, draft)) {
        written.push({ name: path.join(name, file.name), size: file.size });
      }
    }
    await writeOutput(path.join(this.folder, names.result), [bytes(result)]);
    return written;
  }

  async close(): Promise<void> {
    await this.metrics.close().catch(() => undefined);
    await this.samples.close().catch(() => undefined);
    this.lock.release();
  }
}

/** One line of metrics.jsonl, and of stdout with --json. */
export function metricsRow({ metrics, phase, step, totalSteps }: StepMetrics): Record<string, unknown> {
  return { step, totalSteps, phase, ...metrics };
}
