/**
 * One start a data folder. The lock is a file that says who holds it; that of a dead process is taken over.
 * Node's own modules only.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { isSame, startOf } from './processes.mjs';
import { StepError } from './steps.mjs';

const touchMs = 10_000;
/** A holder on another machine (a shared disk, a container that is gone) cannot be asked: its lock counts while it is touched. */
const foreignStaleMs = 60_000;

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return error.code === 'ENOENT' ? undefined : { damaged: true };
  }
}

function isHeld(file, holder) {
  if (holder.damaged) return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 5_000;
  if (holder.host !== hostname()) return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < foreignStaleMs;
  return isSame(holder);
}

function describe(holder) {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
  const address = holder.address ? `, at ${holder.address}` : '';
  return `process ${holder.pid}${where}, since ${holder.since}${address}`;
}

/** Moves a dead holder's lock away; puts it back where another start was quicker and the file is already a new one. */
function removeDead(file, dead) {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const moved = readLock(aside);
  if (JSON.stringify(moved) !== JSON.stringify(dead)) {
    try {
      linkSync(aside, file);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  rmSync(aside, { force: true });
}

/**
 * Takes the lock that `file`, in a folder that is there, stands for.
 * @param {string} file
 * @param {{ purpose: string, address?: string }} about
 * @param {(holder: string) => Error} refuse what is thrown where another process holds it
 */
export function takeLock(file, about, refuse) {
  const mine = { pid: process.pid, started: startOf(process.pid), host: hostname(), since: new Date().toISOString(), ...about };
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600, flush: true });
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        linkSync(draft, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = readLock(file);
      if (holder === undefined) continue;
      if (isHeld(file, holder) || attempt > 20) throw refuse(describe(holder));
      removeDead(file, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  const touch = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder was removed under us; nothing to keep.
    }
  }, touchMs);
  touch.unref();
  return {
    release() {
      clearInterval(touch);
      const held = readLock(file);
      if (held?.pid === mine.pid && held.started === mine.started) rmSync(file, { force: true });
    },
  };
}

/**
 * @param {string} dataDir
 * @param {{ purpose: string, address?: string }} about
 * @throws StepError naming the holder
 */
export function takeDataLock(dataDir, about) {
  const folder = path.join(dataDir, 'run');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StepError(
      `The data folder ${dataDir} cannot be made (${error.code}).`,
      'Set PLUMBLINE_HOME to a folder that you may write to.',
    );
  }
  return takeLock(
    path.join(folder, 'lock'),
    about,
    (holder) =>
      new StepError(
        `Plumbline already runs in this data folder (${dataDir}): ${holder}.`,
        'Use that one, or stop it first; another installation needs a PLUMBLINE_HOME and a PORT of its own.',
      ),
  );
}

/** Who runs in this data folder now, if anybody. */
export function findLockHolder(dataDir) {
  const file = path.join(dataDir, 'run', 'lock');
  const holder = readLock(file);
  return holder !== undefined && !holder.damaged && isHeld(file, holder) ? holder : undefined;
}
