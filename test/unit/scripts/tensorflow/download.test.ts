import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { download, type Progress } from '../../../../scripts/tensorflow/download.mjs';
import { readNetwork } from '../../../../scripts/tensorflow/network.mjs';
import { progressText, progressWriter } from '../../../../scripts/tensorflow/progress.mjs';
import { type ByteServer, startByteServer } from '../../../support/byte-server';

const body = randomBytes(300_000);
const sha256 = createHash('sha256').update(body).digest('hex');
const network = readNetwork({ HOME: '/nonexistent' });

let folder: string;
let server: ByteServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'download-'));
  server = await startByteServer();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function fetchIt(more: { sha256?: string; signal?: AbortSignal; onProgress?: (now: Progress) => void } = {}) {
  return download({ url: `${server.url}/file.whl`, file: join(folder, 'file.whl'), sha256, network, waitMs: 5, ...more });
}
const ranges = () => server.requests.map(({ headers }) => headers.range);

describe('a download', () => {
  test('arrives whole, with progress', async () => {
    server.files.set('/file.whl', { body });
    const seen: Progress[] = [];
    expect(await fetchIt({ onProgress: (now) => seen.push({ ...now }) })).toEqual({ bytes: body.length, resumedFrom: 0, sha256 });
    expect(readFileSync(join(folder, 'file.whl')).equals(body)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ done: body.length, total: body.length });
    expect(existsSync(join(folder, 'file.whl.part'))).toBe(false);
  });

  test('that breaks is continued where it broke', async () => {
    server.files.set('/file.whl', { body, disturb: (request) => (request < 2 ? { cutAfter: 100_000 } : undefined) });
    await fetchIt();
    expect(readFileSync(join(folder, 'file.whl')).equals(body)).toBe(true);
    expect(ranges()[0]).toBeUndefined();
    const [, second, third] = ranges().map((range) => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1]));
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThan(second ?? 0);
  });

  test('of a killed process is continued by the next one', async () => {
    server.files.set('/file.whl', { body });
    writeFileSync(join(folder, 'file.whl.part'), body.subarray(0, 123_456));
    expect(await fetchIt()).toEqual({ bytes: body.length, resumedFrom: 123_456, sha256 });
    expect(ranges()).toEqual(['bytes=123456-']);
  });

  test('that was whole but not yet renamed asks for nothing more than that', async () => {
    server.files.set('/file.whl', { body });
    writeFileSync(join(folder, 'file.whl.part'), body);
    expect((await fetchIt()).sha256).toBe(sha256);
    expect(ranges()).toEqual([`bytes=${body.length}-`]);
  });

  test('starts anew where the server knows no ranges', async () => {
    server.files.set('/file.whl', { body, noRange: true });
    writeFileSync(join(folder, 'file.whl.part'), randomBytes(1_000));
    await fetchIt();
    expect(readFileSync(join(folder, 'file.whl')).equals(body)).toBe(true);
  });

  test('whose part was of another file starts anew once', async () => {
    server.files.set('/file.whl', { body });
    writeFileSync(join(folder, 'file.whl.part'), randomBytes(1_000));
    await fetchIt();
    expect(ranges()).toEqual(['bytes=1000-', undefined]);
    expect(readFileSync(join(folder, 'file.whl')).equals(body)).toBe(true);
  });

  test('with the wrong checksum is refused, and nothing of it is kept', async () => {
    server.files.set('/file.whl', { body: randomBytes(500) });
    await expect(fetchIt()).rejects.toThrow(/file\.whl has the checksum [0-9a-f]{64} instead of/);
    expect(existsSync(join(folder, 'file.whl')) || existsSync(join(folder, 'file.whl.part'))).toBe(false);
    expect(server.requests).toHaveLength(1);
  });

  test('that is there and right is not fetched again, a damaged one is', async () => {
    server.files.set('/file.whl', { body });
    writeFileSync(join(folder, 'file.whl'), body);
    await fetchIt();
    expect(server.requests).toHaveLength(0);
    writeFileSync(join(folder, 'file.whl'), 'damaged');
    await fetchIt();
    expect(server.requests).toHaveLength(1);
  });

  test('that is not there fails at once, a busy server is asked again', async () => {
    await expect(fetchIt()).rejects.toThrow(`${server.url}/file.whl answered 404`);
    expect(server.requests).toHaveLength(1);
    server.files.set('/file.whl', { body, disturb: (request) => (request < 3 ? { status: 503 } : undefined) });
    await fetchIt();
    expect(server.requests.length).toBeGreaterThan(2);
  });

  test('can be stopped, and keeps what it had', async () => {
    server.files.set('/file.whl', { body, disturb: () => ({ cutAfter: 50_000 }) });
    const stop = new AbortController();
    await expect(fetchIt({ signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow();
    expect(existsSync(join(folder, 'file.whl'))).toBe(false);
    expect(existsSync(join(folder, 'file.whl.part'))).toBe(true);
  });
});

describe('progress', () => {
  test('tells bytes, share, rate and what is left', () => {
    expect(progressText({ what: 'tensorflow-cpu 2.18.1', done: 115_200_000, total: 230_400_000, rate: 8_000_000 })).toBe(
      'tensorflow-cpu 2.18.1: 115.2 of 230.4 MB, 50 %, 8.0 MB/s, 15 s left',
    );
    expect(progressText({ what: 'x', done: 1_500_000, total: undefined, rate: 0 })).toBe('x: 1.5 MB');
  });

  test('is one line on a terminal and a line every few seconds elsewhere', () => {
    const write = (isTTY: boolean) => {
      let at = 0;
      let text = '';
      const stream = { isTTY, columns: 20, write: (part: string) => (text += part) };
      const out = progressWriter(stream, { prefix: 'tf: ', quietMs: 5_000, now: () => at });
      for (; at < 12_000; at += 1_000) out.progress(`at ${at} of a long download`);
      out.line('done');
      return text;
    };
    const terminal = write(true);
    expect(terminal.split('\n')).toHaveLength(2);
    expect(terminal.split('\r\u001b[2K').every((part) => part.replace('\n', '').length < 20)).toBe(true);
    expect(write(false).split('\n')).toEqual([
      'tf: at 0 of a long download',
      'tf: at 5000 of a long download',
      'tf: at 10000 of a long download',
      'tf: done',
      '',
    ]);
  });
});
