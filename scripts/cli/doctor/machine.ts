import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FolderStore } from '#lib/blobs/folder-store';
import { formatBytes } from '../terminal';
import { bad, type Check, failed, ok, warn } from './check';

const lowMemory = 2e9;
const lowDisk = 5e9;
const noDisk = 1e9;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const facts = { version, platform: `${os.platform()} ${os.arch()}`, cores: os.availableParallelism() };
  const told = `${version} on ${facts.platform}, ${facts.cores} cores`;
  return major > 20 || (major === 20 && minor >= 19)
    ? ok('node', 'Node', told, facts)
    : bad('node', 'Node', told, 'Install Node 20.19 or newer from https://nodejs.org.', facts);
}

/** MemAvailable counts what the system can give back from its caches; os.freemem() does not. */
function availableMemory(): number {
  try {
    const found = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (found !== undefined) return Number(found) * 1024;
  } catch {
    // No /proc here.
  }
  return os.freemem();
}

export function checkMemory(): Check {
  const available = availableMemory();
  const total = os.totalmem();
  const told = `${formatBytes(available)} of ${formatBytes(total)} free`;
  return available >= lowMemory
    ? ok('memory', 'memory', told, { available, total })
    : warn('memory', 'memory', told, 'Training may be killed: end other programs, or train on a machine with more memory.', {
        available,
        total,
      });
}

export async function checkDisk(dataDir: string): Promise<Check> {
  try {
    const at = nearest(dataDir);
    const { bavail, bsize } = await statfs(at);
    const free = bavail * bsize;
    const told = `${formatBytes(free)} free at ${dataDir}`;
    const remedy = 'Free some space, or set PLUMBLINE_HOME to a folder on a larger disk: runs write checkpoints.';
    if (free < noDisk) return bad('disk', 'free disk', told, remedy, { free, dataDir });
    return free < lowDisk ? warn('disk', 'free disk', told, remedy, { free, dataDir }) : ok('disk', 'free disk', told, { free, dataDir });
  } catch (error) {
    return failed('disk', 'free disk', error, 'Set PLUMBLINE_HOME to a folder that this user may read.');
  }
}

function nearest(folder: string): string {
  let at = folder;
  while (!existsSync(at) && path.dirname(at) !== at) at = path.dirname(at);
  return at;
}

/** Puts, reads and removes a few bytes, as a run would. A folder that is not there yet is only asked whether it could be made. */
export async function checkBlobs(dataDir: string): Promise<Check> {
  const folder = path.join(dataDir, 'blobs');
  const remedy = `Let this user write to ${folder}, or set PLUMBLINE_HOME to another folder.`;
  try {
    if (!existsSync(folder)) {
      const at = nearest(folder);
      await access(at, constants.W_OK);
      return ok('blobs', 'blob store', `${folder} is not there yet and can be made`, { folder, there: false });
    }
    const store = new FolderStore(folder);
    const bytes = randomBytes(64);
    const { sha256 } = await store.putBytes(bytes);
    try {
      await store.readBytes(sha256);
    } finally {
      await store.remove(sha256);
    }
    return ok('blobs', 'blob store', `${folder} can be written and read`, { folder, there: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR')
      return bad('blobs', 'blob store', `${folder} cannot be written (${code}).`, remedy, { folder });
    return failed('blobs', 'blob store', error, remedy);
  }
}
