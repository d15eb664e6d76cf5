import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../../../scripts/tensorflow/lock.mjs';
import { readNetwork } from '../../../../scripts/tensorflow/network.mjs';
import { prepareTensorflow } from '../../../../scripts/tensorflow/prepare.mjs';
import { engineEnvironment } from '../../../../workers/engine-settings';
import { startByteServer } from '../../../support/byte-server';

const root = resolve(import.meta.dirname, '../../../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensorflow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout whose node_modules are new: the package without a library. */
function freshRoot(): string {
  const fresh = join(folder, 'root');
  const scope = join(fresh, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  mkdirSync(scope, { recursive: true });
  for (const name of ['package.json', 'binding'])
    symlinkSync(join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', name), join(scope, name));
  return fresh;
}

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

  test('is linked again from the user cache into a new node_modules', async ({ skip }) => {
    const linked = await prepareTensorflow({ root, cacheDir: join(folder, 'unused') });
    if (!linked.ready || !linked.directory) return skip('the library of this checkout does not lie in a cache');
    const fresh = freshRoot();
    const cacheDir = join(folder, 'cache');
    mkdirSync(cacheDir);
    symlinkSync(linked.directory, join(cacheDir, basename(linked.directory)));
    writeFileSync(join(cacheDir, 'tensorflow-current'), basename(linked.directory));
    expect(await prepareTensorflow({ root: fresh, cacheDir })).toMatchObject({ ready: true, how: 'cache', library: linked.library });
    expect(await prepareTensorflow({ root: fresh, cacheDir })).toMatchObject({ ready: true, how: 'already' });
    expect(readdirSync(cacheDir).sort()).toEqual([basename(linked.directory), 'tensorflow-current'].sort());
  });

  test('goes on where a source fails, says so, and ends with what to do', async () => {
    const server = await startByteServer();
    const { CXX, PATH, TFJS_NODE_CDN_STORAGE } = process.env;
    try {
      Object.assign(process.env, { TFJS_NODE_CDN_STORAGE: server.url, PATH: folder, CXX: '/bin/sh' });
      const said: string[] = [];
      const cacheDir = join(folder, 'cache');
      const network = readNetwork({ HOME: folder, PIP_INDEX_URL: `${server.url}/simple` });
      const since = performance.now();
      const result = await prepareTensorflow({ root: freshRoot(), cacheDir, network, log: (line) => said.push(line) });
      expect(result).toEqual({
        ready: false,
        reason: expect.stringMatching(
          /^(no C\+\+ compiler|tensorflow(-cpu)? 2\.18\.1 could not be fetched\. The package index: .* answered 404\. pip: )/,
        ),
        remedy: expect.stringMatching(/Install one|PIP_INDEX_URL/),
      });
      expect(said[0]).toMatch(/the package's own download cannot be used/);
      expect(performance.now() - since).toBeLessThan(20_000);
      expect(readdirSync(cacheDir).filter((name) => name.startsWith('tensorflow'))).toEqual([]);
    } finally {
      Object.assign(process.env, { PATH });
      if (TFJS_NODE_CDN_STORAGE === undefined) delete process.env.TFJS_NODE_CDN_STORAGE;
      if (CXX === undefined) delete process.env.CXX;
      await server.close();
    }
  });

  test('that is stopped says that it goes on later', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await prepareTensorflow({ root: freshRoot(), cacheDir: join(folder, 'cache'), signal: stop.signal })).toEqual({
      ready: false,
      reason: 'it was stopped',
      remedy: 'Run it again: a download goes on where it stopped.',
    });
  });
});

describe('the library for a GPU', () => {
  test('brings its folders into the environment of a process that computes, before others', () => {
    const library = join(folder, 'tensorflow', 'napi-v8', 'tfjs_binding.node');
    mkdirSync(join(folder, 'tensorflow', 'napi-v8'), { recursive: true });
    writeFileSync(library, '');
    for (const name of ['cudnn', 'cublas']) mkdirSync(join(folder, 'tensorflow', 'nvidia', name, 'lib'), { recursive: true });
    mkdirSync(join(folder, 'tensorflow', 'nvidia', 'without'));
    const settings = {
      backend: 'auto',
      device: 'auto',
      threads: 3,
      nativeLibrary: library,
      hugePages: true,
      memoryLimitBytes: null,
    } as const;
    const inherited = { LD_LIBRARY_PATH: '/opt/lib', GLIBC_TUNABLES: 'glibc.malloc.check=1:glibc.malloc.hugetlb=0' };
    const real = realpathSync(folder);
    const cuda = [join(real, 'tensorflow/nvidia/cublas/lib'), join(real, 'tensorflow/nvidia/cudnn/lib')];
    const environment = engineEnvironment(settings, inherited);
    expect(environment).toMatchObject({
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      TF_NUM_INTRAOP_THREADS: '3',
      LD_LIBRARY_PATH: [...cuda, '/opt/lib'].join(':'),
    });
    if (process.platform === 'linux') expect(environment.GLIBC_TUNABLES).toBe('glibc.malloc.check=1:glibc.malloc.hugetlb=1');
    expect(environment.CUDA_VISIBLE_DEVICES).toBeUndefined();
    // Given to a process that has it already, nothing changes: the command line is started again once, not for ever.
    expect(engineEnvironment(settings, environment)).toEqual(environment);

    const onCpu = engineEnvironment({ ...settings, device: 'cpu', hugePages: false }, inherited);
    expect(onCpu).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1' });
    expect([onCpu.LD_LIBRARY_PATH, onCpu.GLIBC_TUNABLES]).toEqual([undefined, undefined]);
    expect(engineEnvironment({ ...settings, backend: 'wasm' }, inherited)).toEqual({});
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
