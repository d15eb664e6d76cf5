import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors';
import type { BlobInfo, BlobStore } from './blob-store';

const address = /^[0-9a-f]{64}$/;
const staleUploadMs = 24 * 60 * 60 * 1000;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function storeError(error: unknown, doing: string, folder: string): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError('DISK_FULL', `There is no space left to keep a file in ${folder}; nothing was changed.`, {
      remedy: 'Free some space on that disk, then try again.',
      details: { folder },
      cause: error,
    });
  }
  return new AppError('UNAVAILABLE', `The file store could not ${doing} in ${folder} (${code ?? 'unknown reason'}).`, {
    remedy: 'Check that the folder is there and that this user may write to it.',
    details: { folder },
    cause: error,
  });
}

/** A folder on a disk: `ab/cdef...`, written under a temporary name of the same disk, synced, renamed, the folder synced too. */
export class FolderStore implements BlobStore {
  private readonly folder: string;
  private readonly uploads: string;

  constructor(folder: string) {
    this.folder = path.resolve(folder);
    this.uploads = path.join(this.folder, 'uploads');
  }

  putBytes(bytes: Uint8Array): Promise<BlobInfo> {
    return this.put(
      (async function* () {
        yield bytes;
      })(),
    );
  }

  async putFile(file: string): Promise<BlobInfo> {
    try {
      await access(file);
    } catch (cause) {
      throw new AppError('NOT_FOUND', `The file ${file} cannot be read.`, { details: { file }, cause });
    }
    return this.put(createReadStream(file));
  }

  putStream(stream: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
    return this.put(stream);
  }

  async readBytes(sha256: string): Promise<Uint8Array> {
    const bytes = await this.reading(sha256, (file) => readFile(file));
    if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
    throw new AppError('INTERNAL', `The stored file ${sha256} is damaged: its content no longer matches its name.`, {
      remedy: 'Restore it from a backup of the data folder, and check that disk.',
      details: { sha256 },
    });
  }

  async readStream(sha256: string): Promise<AsyncIterable<Uint8Array>> {
    return this.reading(sha256, async (file) => (await open(file)).createReadStream());
  }

  path(sha256: string): Promise<string> {
    return this.reading(sha256, async (file) => {
      await access(file);
      return file;
    });
  }

  async has(sha256: string): Promise<boolean> {
    try {
      await this.path(sha256);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'NOT_FOUND') return false;
      throw error;
    }
  }

  async remove(sha256: string): Promise<void> {
    try {
      await rm(this.fileOf(sha256), { force: true });
    } catch (error) {
      throw storeError(error, 'remove a file', this.folder);
    }
  }

  async freeBytes(): Promise<number> {
    try {
      await mkdir(this.folder, { recursive: true });
      const { bavail, bsize } = await statfs(this.folder);
      return bavail * bsize;
    } catch (error) {
      throw storeError(error, 'measure its disk', this.folder);
    }
  }

  /** Removes what killed processes left half-written; never what another process may be writing now. */
  async removeStaleUploads(now: Date): Promise<number> {
    const names = await readdir(this.uploads).catch(() => []);
    let removed = 0;
    for (const name of names) {
      const file = path.join(this.uploads, name);
      const found = await stat(file).catch(() => undefined);
      if (found === undefined || now.getTime() - found.mtimeMs < staleUploadMs) continue;
      await rm(file, { force: true });
      removed += 1;
    }
    return removed;
  }

  private fileOf(sha256: string): string {
    if (!address.test(sha256)) {
      throw new AppError('BAD_INPUT', 'The address of a stored file must be 64 hexadecimal digits.', { details: { sha256 } });
    }
    return path.join(this.folder, sha256.slice(0, 2), sha256.slice(2));
  }

  private async reading<T>(sha256: string, work: (file: string) => Promise<T>): Promise<T> {
    const file = this.fileOf(sha256);
    try {
      return await work(file);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw storeError(error, 'read a file', this.folder);
      throw new AppError('NOT_FOUND', `The stored file ${sha256} is not there.`, {
        remedy: 'Restore it from a backup of the data folder.',
        details: { sha256 },
        cause: error,
      });
    }
  }

  private async put(source: AsyncIterable<Uint8Array>): Promise<BlobInfo> {
    const upload = path.join(this.uploads, randomUUID());
    let handle: FileHandle | undefined;
    try {
      await mkdir(this.uploads, { recursive: true, mode: 0o700 });
      handle = await open(upload, 'wx', 0o600);
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of source) {
        hash.update(chunk);
        size += chunk.byteLength;
        await handle.writeFile(chunk);
      }
      const sha256 = hash.digest('hex');
      await this.keep(handle, upload, sha256, size);
      return { sha256, size };
    } catch (error) {
      // What the source itself threw goes on as it is.
      throw codeOf(error) === undefined ? error : storeError(error, 'write a file', this.folder);
    } finally {
      await handle?.close().catch(() => undefined);
      await rm(upload, { force: true }).catch(() => undefined);
    }
  }

  private async keep(handle: FileHandle, upload: string, sha256: string, size: number): Promise<void> {
    const file = this.fileOf(sha256);
    const known = await stat(file).catch(() => undefined);
    if (known?.size === size) return;
    await handle.sync();
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rename(upload, file);
    for (const folder of [path.dirname(file), this.folder]) {
      const directory = await open(folder);
      await directory.sync().finally(() => directory.close());
    }
  }
}
