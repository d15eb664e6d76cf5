/** A lock that two set-ups at once agree on: a folder that holds the owner's process id. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const staleAfterMs = 30 * 60_000;

function ownerIsAlive(directory) {
  try {
    const [host, pid] = readFileSync(join(directory, 'owner'), 'utf8').split(' ');
    if (host !== hostname()) return Date.now() - statSync(directory).mtimeMs < staleAfterMs;
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    if (error.code === 'EPERM') return true;
    // no owner file yet: the other one is between mkdir and write, or died there
    if (error.code === 'ENOENT') return Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 5_000;
    return false;
  }
}

/** Waits for the lock, takes over that of a dead process; returns the release function. */
export async function takeLock(directory, onWait, signal) {
  mkdirSync(dirname(directory), { recursive: true });
  let told = false;
  for (;;) {
    try {
      mkdirSync(directory);
      writeFileSync(join(directory, 'owner'), `${hostname()} ${process.pid}`);
      return () => rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerIsAlive(directory)) {
      rmSync(directory, { recursive: true, force: true });
      continue;
    }
    if (!told) onWait();
    told = true;
    await sleep(500, undefined, { signal });
  }
}
