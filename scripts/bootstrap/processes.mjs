/**
 * Who a process is: its id alone is used again by the system, its id and the time it started are not.
 * Node's own modules only: this runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const hasProc = existsSync('/proc/self/stat');

function bootId() {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** @returns {{ pid: number, parent: number, session: number, started: string, zombie: boolean } | undefined} */
function readProc(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in brackets and may hold anything; the fields after it are counted from the state.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(fields[1]), session: Number(fields[3]), started: `${bootId()}:${fields[19]}`, zombie: fields[0] === 'Z' };
  } catch {
    return undefined;
  }
}

function readPs() {
  const result = spawnSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], { encoding: 'utf8' });
  return (result.stdout ?? '').split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line);
    if (!match) return [];
    const [, pid, parent, group, state, started] = match;
    return [{ pid: Number(pid), parent: Number(parent), session: Number(group), started: started.trim(), zombie: state.startsWith('Z') }];
  });
}

/** All processes of the machine that have not ended. */
export function listProcesses() {
  if (!hasProc) return readPs().filter((found) => !found.zombie);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProc(Number(name)) ?? [])
    .filter((found) => !found.zombie);
}

/** When the process started, in the system's own words; undefined where it does not run. */
export function startOf(pid) {
  const found = hasProc ? readProc(pid) : readPs().find((entry) => entry.pid === pid);
  return found && !found.zombie ? found.started : undefined;
}

/** Whether the process that was noted down still runs (and not another one under its number). */
export function isSame(noted) {
  return startOf(noted.pid) === noted.started;
}

export function nameOf(pid) {
  const command = hasProc
    ? read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
    : spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  return (command ?? '').trim().slice(0, 120);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * What lives of a process that was started as the leader of its own session: itself and what it started. While one of them lives, the
 * system gives the leader's number to nobody else; a leader with another start time therefore means that all of ours are gone.
 */
export function sessionOf(noted) {
  const all = listProcesses();
  const leader = all.find((entry) => entry.pid === noted.pid);
  if (leader && leader.started !== noted.started) return [];
  return all.filter((entry) => entry.session === noted.pid);
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}

/** Ends a noted process with all it started: politely, and after `graceMs` for certain. */
export async function endSession(noted, graceMs) {
  const deadline = Date.now() + graceMs;
  for (const entry of sessionOf(noted)) if (entry.pid === noted.pid) signal(entry.pid, 'SIGTERM');
  let left = sessionOf(noted);
  // The leader ends its own children; what is left without it is ended at once.
  while (left.some((entry) => entry.pid === noted.pid) && Date.now() < deadline) {
    await sleep(50);
    left = sessionOf(noted);
  }
  for (let round = 0; left.length > 0 && round < 40; round += 1) {
    for (const entry of left) signal(entry.pid, 'SIGKILL');
    await sleep(50);
    left = sessionOf(noted);
  }
}

/** Ends all that a process started, however deep, but not itself. */
export function killDescendants(pid) {
  const all = listProcesses();
  const below = (parent) => all.filter((entry) => entry.parent === parent).flatMap((entry) => [entry.pid, ...below(entry.pid)]);
  for (const descendant of below(pid)) signal(descendant, 'SIGKILL');
}
