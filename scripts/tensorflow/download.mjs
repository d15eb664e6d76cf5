/** Downloads that survive a broken line and a killed process: bytes go to FILE.part, and the next try asks for the rest. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, plainUrl } from './network.mjs';

const tries = 6;

function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** sha256 of a file, hexadecimal. */
export async function hashFile(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** A failure that another try cannot mend. */
class Final extends Error {}

/** Appends what is missing to `part`; returns the whole size that the server tells, or undefined. */
async function fetchRest({ url, part, network, signal, onBytes }) {
  const have = sizeOf(part);
  const { response } = await get(url, { network, signal, headers: have > 0 ? { range: `bytes=${have}-` } : {} });
  const { statusCode = 0, headers } = response;
  if (statusCode === 416) {
    response.resume();
    const whole = Number(/\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]);
    if (whole === have) return whole;
    rmSync(part, { force: true });
    throw new Error('the server has less than was fetched before');
  }
  if (statusCode !== 200 && statusCode !== 206) {
    response.resume();
    const error = `${plainUrl(url)} answered ${statusCode}`;
    throw statusCode >= 500 || statusCode === 429 ? new Error(error) : new Final(error);
  }
  const from = statusCode === 206 ? Number(/bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1] ?? Number.NaN) : 0;
  if (statusCode === 206 && from !== have) {
    response.destroy();
    rmSync(part, { force: true });
    throw new Error('the server continued at another place');
  }
  const length = Number(headers['content-length'] ?? Number.NaN);
  const whole = Number.isFinite(length) ? from + length : undefined;
  const out = createWriteStream(part, { flags: from > 0 ? 'a' : 'w' });
  try {
    let done = from;
    for await (const chunk of response) {
      done += chunk.length;
      onBytes(done, whole);
      if (!out.write(chunk)) await once(out, 'drain', { signal });
    }
  } finally {
    out.end();
    await once(out, 'close');
  }
  return whole;
}

/**
 * Fetches `url` to `file`. A file that is there and right is not fetched again; what a broken try left behind is continued.
 *
 * @param {import('./download.d.mts').DownloadOptions} options
 * @returns {Promise<{ bytes: number, resumedFrom: number, sha256: string }>}
 * @throws Error in words for a person: the server's answer, a checksum that differs, a line that broke too often
 */
export async function download({ url, file, sha256, network, signal, onProgress = () => {}, waitMs = 1_000 }) {
  if (sizeOf(file) > 0) {
    const found = await hashFile(file);
    if (sha256 === undefined || found === sha256) return { bytes: sizeOf(file), resumedFrom: sizeOf(file), sha256: found };
    rmSync(file, { force: true });
  }
  const part = `${file}.part`;
  const resumedFrom = sizeOf(part);
  let failure = '';
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const before = sizeOf(part);
    try {
      const since = performance.now();
      const start = sizeOf(part);
      const whole = await fetchRest({
        url,
        part,
        network,
        signal,
        onBytes: (done, total) => onProgress({ done, total, rate: ((done - start) * 1000) / Math.max(1, performance.now() - since) }),
      });
      const bytes = sizeOf(part);
      if (whole !== undefined && bytes < whole) throw new Error(`the line broke at ${bytes} of ${whole} bytes`);
      const found = await hashFile(part);
      if (sha256 !== undefined && found !== sha256) {
        rmSync(part, { force: true });
        throw new Final(`${basename(file)} has the checksum ${found} instead of ${sha256}`, { cause: 'checksum' });
      }
      renameSync(part, file);
      return { bytes, resumedFrom, sha256: found };
    } catch (error) {
      signal?.throwIfAborted();
      // A part that another version of the file left behind spoils the sum: once more from the start.
      const spoiled = error.cause === 'checksum' && before > 0;
      if (error instanceof Final && !spoiled) throw error;
      if (error.code === 'ENOSPC' || error.code === 'EDQUOT') throw new Error(`the disk of ${file} is full`);
      failure = error.message;
      // A try that brought something does not count against a slow line.
      if (sizeOf(part) > before) attempt = -1;
      await sleep(waitMs * 2 ** Math.max(0, attempt), undefined, { signal });
    }
  }
  throw new Error(`${plainUrl(url)} could not be fetched: ${failure}`);
}
