import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FolderStore } from '#lib/blobs/folder-store';

const root = mkdtempSync(path.join(os.tmpdir(), 'plumbline-blobs-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function tryMount(): boolean {
  const disk = mkdtempSync(path.join(root, 'probe-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0) return false;
  execFileSync('umount', [disk]);
  return true;
}

const canMount = tryMount();
const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const bytes = new TextEncoder().encode('abc');
let count = 0;
function newStore(): { store: FolderStore; folder: string } {
  count += 1;
  const folder = path.join(root, String(count));
  return { store: new FolderStore(folder), folder };
}

function uploadsIn(folder: string): string[] {
  return existsSync(path.join(folder, 'uploads')) ? readdirSync(path.join(folder, 'uploads')) : [];
}

describe('a folder of blobs', () => {
  test('bytes are found under their sha256, once, and nothing half-written stays', async () => {
    const { store, folder } = newStore();
    expect(await store.putBytes(bytes)).toEqual({ sha256: abc, size: 3 });
    expect(await store.putBytes(bytes)).toEqual({ sha256: abc, size: 3 });
    expect(await store.path(abc)).toBe(path.join(folder, abc.slice(0, 2), abc.slice(2)));
    expect(Buffer.from(await store.readBytes(abc)).toString()).toBe('abc');
    expect(uploadsIn(folder)).toEqual([]);
  });

  test('a file, a stream and the same bytes in one piece have one address', async () => {
    const { store } = newStore();
    const content = Buffer.alloc(3_000_000, 'plumbline');
    const file = path.join(root, 'large.bin');
    await writeFile(file, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await store.putFile(file)).toEqual({ sha256, size: 3_000_000 });
    async function* pieces() {
      for (let at = 0; at < content.length; at += 70_001) yield content.subarray(at, at + 70_001);
    }
    expect(await store.putStream(pieces())).toEqual({ sha256, size: 3_000_000 });
    expect(existsSync(file)).toBe(true);
    const read: Uint8Array[] = [];
    for await (const chunk of await store.readStream(sha256)) read.push(chunk);
    expect(Buffer.concat(read).equals(content)).toBe(true);
  });

  test('a source that breaks in the middle leaves nothing', async () => {
    const { store, folder } = newStore();
    async function* broken() {
      yield bytes;
      throw new Error('the sender went away');
    }
    await expect(store.putStream(broken())).rejects.toThrow('the sender went away');
    expect(uploadsIn(folder)).toEqual([]);
    expect(await store.has(abc)).toBe(false);
  });

  test('what is not there is NOT_FOUND; what is no address is BAD_INPUT, also with dots and slashes', async () => {
    const { store } = newStore();
    await expect(store.readBytes(abc)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.putFile(path.join(root, 'none'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.readBytes('../../etc/passwd')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(store.remove(abc.toUpperCase())).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  test('damaged bytes are never returned, and putting them again mends the file', async () => {
    const { store } = newStore();
    await store.putBytes(bytes);
    await writeFile(await store.path(abc), 'ab');
    await expect(store.readBytes(abc)).rejects.toMatchObject({ code: 'INTERNAL' });
    await store.putBytes(bytes);
    expect(await readFile(await store.path(abc), 'utf8')).toBe('abc');
  });

  test('removal is final and may be repeated', async () => {
    const { store } = newStore();
    await store.putBytes(bytes);
    await store.remove(abc);
    await store.remove(abc);
    expect(await store.has(abc)).toBe(false);
  });

  test('many at once of the same bytes agree', async () => {
    const { store, folder } = newStore();
    const all = await Promise.all(Array.from({ length: 20 }, () => store.putBytes(bytes)));
    expect(new Set(all.map((info) => info.sha256))).toEqual(new Set([abc]));
    expect(uploadsIn(folder)).toEqual([]);
  });

  test('only old leftovers of killed processes are removed', async () => {
    const { store, folder } = newStore();
    await store.putBytes(bytes);
    const old = path.join(folder, 'uploads', 'old');
    writeFileSync(old, 'x');
    utimesSync(old, new Date('2020-01-01'), new Date('2020-01-01'));
    writeFileSync(path.join(folder, 'uploads', 'young'), 'x');
    expect(await store.removeStaleUploads(new Date())).toBe(1);
    expect(uploadsIn(folder)).toEqual(['young']);
  });

  test('a folder that cannot be made says so', async () => {
    writeFileSync(path.join(root, 'file'), '');
    await expect(new FolderStore(path.join(root, 'file')).putBytes(bytes)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('free space is a number above zero', async () => {
    expect(await newStore().store.freeBytes()).toBeGreaterThan(0);
  });

  test.skipIf(!canMount)('a full disk is DISK_FULL and leaves what was there (needs root: mounts a disk of 1 MB)', async () => {
    const disk = path.join(root, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      const store = new FolderStore(path.join(disk, 'blobs'));
      await store.putBytes(bytes);
      expect(await store.freeBytes()).toBeLessThan(1_048_576);
      await expect(store.putBytes(Buffer.alloc(2_000_000, 1))).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(uploadsIn(path.join(disk, 'blobs'))).toEqual([]);
      expect(Buffer.from(await store.readBytes(abc)).toString()).toBe('abc');
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
