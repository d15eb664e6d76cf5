import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { AppError } from '#lib/errors';
import { outputError } from '../write-output';

/** What a run was asked for: a run that goes on has to be asked for the same. */
export type RunSettings = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

const isThere = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

/**
 * Lines of a file that grows for a long time: they are appended to FILE.part as they come, and FILE.part is renamed when all are there. What
 * is finished is never lost; a run that was cut off goes on from there. FILE.part.json says what the lines were made with.
 */
export class PartFile {
  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
    /** Lines that were there before. */
    readonly kept: readonly string[],
  ) {}

  static partOf(file: string): string {
    return `${file}.part`;
  }

  /** @throws AppError BAD_INPUT where something is there that may not be replaced, or was made with other settings; DISK_FULL */
  static async open(file: string, settings: RunSettings, given: { readonly resume: boolean; readonly force: boolean }): Promise<PartFile> {
    const part = PartFile.partOf(file);
    const details = { file };
    if ((await isThere(file)) && !given.force) {
      throw new AppError('BAD_INPUT', `${file} is there already.`, {
        details,
        remedy: 'Choose another --out, or add --force to replace it.',
      });
    }
    const cut = await isThere(part);
    if (cut && !given.resume && !given.force) {
      throw new AppError('BAD_INPUT', `${part} is there: an earlier run was cut off.`, {
        details,
        remedy: 'Add --resume to go on with it, or --force to begin anew.',
      });
    }
    try {
      const kept = cut && given.resume ? await PartFile.keep(part, settings) : [];
      if (kept.length === 0) {
        await writeFile(`${part}.json`, `${JSON.stringify(settings, null, 2)}\n`);
        await writeFile(part, '');
      }
      return new PartFile(file, await open(part, 'a'), kept);
    } catch (error) {
      throw outputError(error, file);
    }
  }

  /** Whole lines of an earlier run; the rest of a line that was cut off is taken away. */
  private static async keep(part: string, settings: RunSettings): Promise<string[]> {
    let before: unknown;
    try {
      before = JSON.parse(await readFile(`${part}.json`, 'utf8'));
    } catch (cause) {
      throw new AppError('BAD_INPUT', `${part}.json, which says what ${part} was made with, cannot be read.`, {
        remedy: 'Add --force instead of --resume to begin anew.',
        cause,
      });
    }
    const known = before as RunSettings;
    const changed = Object.keys(settings).find((name) => JSON.stringify(known[name]) !== JSON.stringify(settings[name]));
    if (changed !== undefined) {
      throw new AppError(
        'BAD_INPUT',
        `${part} was made with another ${changed}: ${JSON.stringify(known[changed] ?? null)} instead of ${JSON.stringify(settings[changed])}.`,
        { details: { file: part, setting: changed }, remedy: 'Ask for the same, or add --force instead of --resume to begin anew.' },
      );
    }
    const text = await readFile(part, 'utf8');
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) await writeFile(part, text.slice(0, end));
    return text
      .slice(0, end)
      .split('\n')
      .filter((line) => line !== '');
  }

  async append(lines: readonly string[]): Promise<void> {
    try {
      await this.handle.appendFile(lines.map((line) => `${line}\n`).join(''));
    } catch (error) {
      throw outputError(error, this.file);
    }
  }

  /** All lines are there: the file gets its name. */
  async finish(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(PartFile.partOf(this.file), this.file);
      await rm(`${PartFile.partOf(this.file)}.json`, { force: true });
    } catch (error) {
      throw outputError(error, this.file);
    }
  }

  /** Leaves what is there for a run that goes on. */
  async leave(): Promise<void> {
    await this.handle.sync().catch(() => undefined);
    await this.handle.close().catch(() => undefined);
  }
}
