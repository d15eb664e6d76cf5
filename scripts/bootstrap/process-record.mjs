/**
 * Which processes a start has under it, on disk, so that the next start can end what a killed one left behind.
 * Node's own modules only.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endSession, sessionOf, startOf } from './processes.mjs';

const graceMs = 10_000;

function fileIn(dataDir) {
  return path.join(dataDir, 'run', 'processes.json');
}

function readRecord(dataDir) {
  try {
    const entries = JSON.parse(readFileSync(fileIn(dataDir), 'utf8'));
    return Array.isArray(entries) ? entries : [];
  } catch {
    return [];
  }
}

function writeRecord(dataDir, entries) {
  const file = fileIn(dataDir);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(entries), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/** Notes a process that was started as the leader of its own session. */
export function noteProcess(dataDir, name, pid) {
  const started = startOf(pid);
  if (started === undefined) return undefined;
  const noted = { name, pid, started };
  writeRecord(dataDir, [...readRecord(dataDir).filter((entry) => entry.name !== name), noted]);
  return noted;
}

export function forgetProcess(dataDir, name) {
  writeRecord(
    dataDir,
    readRecord(dataDir).filter((entry) => entry.name !== name),
  );
}

/** Ends what an earlier start of this data folder left running. @returns {Promise<string[]>} the names of what was ended */
export async function endLeftovers(dataDir) {
  const left = readRecord(dataDir).filter((entry) => sessionOf(entry).length > 0);
  await Promise.all(left.map((entry) => endSession(entry, graceMs)));
  if (readRecord(dataDir).length > 0) writeRecord(dataDir, []);
  return left.map((entry) => entry.name);
}
