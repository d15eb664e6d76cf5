import { createHash } from 'node:crypto';
import type { BlobStore } from '#lib/blobs/blob-store';
import { type FileRanges, fileRanges } from '#lib/blobs/file-ranges';
import { AppError } from '#lib/errors';

/** Stored files as a folder, name by name; each is checked against its address before its first byte is used. */
export function blobFolder(blobs: Pick<BlobStore, 'path' | 'readStream'>, files: Readonly<Record<string, string>>): FileRanges {
  const checked = new Map<string, Promise<string>>();
  return fileRanges(async (name) => {
    const sha256 = Object.hasOwn(files, name) ? files[name] : undefined;
    if (sha256 === undefined) return undefined;
    const found = checked.get(name) ?? checkedPath(blobs, sha256);
    checked.set(name, found);
    return found;
  });
}

async function checkedPath(blobs: Pick<BlobStore, 'path' | 'readStream'>, sha256: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await blobs.readStream(sha256)) hash.update(chunk);
  if (hash.digest('hex') === sha256) return blobs.path(sha256);
  throw new AppError('INTERNAL', `The stored file ${sha256} is damaged: its content no longer matches its name.`, {
    remedy: 'Restore it from a backup of the data folder, and check that disk.',
    details: { sha256 },
  });
}
