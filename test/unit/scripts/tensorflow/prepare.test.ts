import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../../../scripts/tensorflow/lock.mjs';
import { prepareTensorflow } from '../../../../scripts/tensorflow/prepare.mjs';
import { wheelFor } from '../../../../scripts/tensorflow/wheel.mjs';

const root = resolve(import.meta.dirname, '../../../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensorflow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('set-up of TensorFlow', () => {
  test('finds what already works, without touching the cache', async () => {
    const result = await prepareTensorflow({ root, cacheDir: join(folder, 'cache') });
    expect(result).toMatchObject({ ready: true, how: 'already', library: expect.stringMatching(/^2\./) });
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  test('says what to do where the packages are missing', async () => {
    expect(await prepareTensorflow({ root: folder, cacheDir: join(folder, 'cache') })).toEqual({
      ready: false,
      reason: '@tensorflow/tfjs-node-gpu is not installed',
      remedy: 'Run npm ci first.',
    });
  });

  test('knows the wheels of the platforms that have one', () => {
    expect(wheelFor('linux', 'x64')).toMatchObject({ distribution: 'tensorflow-cpu', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(wheelFor('linux', 'arm64')).toMatchObject({ distribution: 'tensorflow' });
    expect(wheelFor('darwin', 'arm64')).toMatchObject({ tags: ['macosx_12_0_arm64'] });
    expect(wheelFor('win32', 'x64')).toBeUndefined();
  });
});

describe('lock of two set-ups', () => {
  test('the second waits until the first is done', async () => {
    const lock = join(folder, 'lock');
    const order: string[] = [];
    const release = await takeLock(lock, () => order.push('never'));
    const second = takeLock(lock, () => order.push('waiting')).then((done) => {
      order.push('second');
      done();
    });
    await new Promise((done) => setTimeout(done, 100));
    order.push('first done');
    release();
    await second;
    expect(order).toEqual(['waiting', 'first done', 'second']);
    expect(existsSync(lock)).toBe(false);
  });

  test('the lock of a dead process is taken over', async () => {
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await new Promise((done) => child.once('exit', done));
    const lock = join(folder, 'lock');
    mkdirSync(lock);
    writeFileSync(join(lock, 'owner'), `${hostname()} ${child.pid}`);
    const release = await takeLock(lock, () => expect.unreachable());
    release();
    expect(existsSync(lock)).toBe(false);
  });
});
