import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchWheel } from '../../../../scripts/tensorflow/fetch-wheel.mjs';
import { getText, plainUrl, readNetwork } from '../../../../scripts/tensorflow/network.mjs';
import { officialUrls } from '../../../../scripts/tensorflow/official.mjs';
import { chooseWheel, findWheel, readIndexPage } from '../../../../scripts/tensorflow/python-index.mjs';
import { cudaWheels, planFor, targetInCache } from '../../../../scripts/tensorflow/wheel.mjs';
import { type ByteServer, startByteServer } from '../../../support/byte-server';

const sum = 'a'.repeat(64);
const wheel = {
  distribution: 'tensor-lib',
  version: '1.2.3',
  platform: /^manylinux.*_x86_64$/,
  pipPlatforms: [],
  sha256: undefined,
  bytes: undefined,
};

let folder: string;
let server: ByteServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'index-'));
  server = await startByteServer();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const networkOf = (more: Record<string, string> = {}) => readNetwork({ HOME: folder, PIP_INDEX_URL: `${server.url}/simple/`, ...more });

function serveIndex(files: object[]): void {
  server.files.set('/simple/tensor-lib/', { body: JSON.stringify({ files }), type: 'application/vnd.pypi.simple.v1+json' });
}

describe('the package index', () => {
  const names = [
    'tensor_lib-1.2.3-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    'tensor_lib-1.2.3-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    'tensor_lib-1.2.3-cp312-cp312-macosx_12_0_arm64.whl',
    'tensor_lib-1.2.30-cp312-cp312-manylinux2014_x86_64.whl',
    'tensor_lib_gpu-1.2.3-cp312-cp312-manylinux2014_x86_64.whl',
    'tensor_lib-1.2.3.tar.gz',
  ];

  test('is read as JSON, with the checksum it tells', async () => {
    serveIndex(names.map((filename) => ({ filename, url: `../../files/${filename}`, hashes: { sha256: sum }, size: 7 })));
    expect(await findWheel(wheel, { network: networkOf() })).toEqual({
      name: names[1],
      url: `${server.url}/files/${names[1]}`,
      sha256: sum,
      bytes: 7,
    });
    expect(server.requests[0]?.headers.accept).toContain('application/vnd.pypi.simple.v1+json');
  });

  test('is read as HTML', () => {
    const page = `<!DOCTYPE html><html><body>
      <a href="/f/tensor_lib-1.2.3-py3-none-manylinux2014_x86_64.whl?a=1&amp;b=2#sha256=${sum}" data-requires-python="&gt;=3.9">tensor_lib-1.2.3-py3-none-manylinux2014_x86_64.whl</a><br/>
      <a class='x' href='https://files.example.org/tensor_lib-1.0.0.tar.gz'>tensor_lib-1.0.0.tar.gz</a></body></html>`;
    const files = readIndexPage(page, 'text/html; charset=UTF-8', new URL('https://u:p@index.example.org/simple/tensor-lib/'));
    expect(files).toEqual([
      {
        name: 'tensor_lib-1.2.3-py3-none-manylinux2014_x86_64.whl',
        url: 'https://u:p@index.example.org/f/tensor_lib-1.2.3-py3-none-manylinux2014_x86_64.whl?a=1&b=2',
        sha256: sum,
        bytes: undefined,
      },
      { name: 'tensor_lib-1.0.0.tar.gz', url: 'https://files.example.org/tensor_lib-1.0.0.tar.gz', sha256: undefined, bytes: undefined },
    ]);
    expect(chooseWheel(files, wheel)?.name).toContain('-py3-none-');
  });

  test('that has no such file, or another one than is known, is refused by name', async () => {
    serveIndex([{ filename: names[2], url: 'x', hashes: { sha256: sum } }]);
    await expect(findWheel(wheel, { network: networkOf() })).rejects.toThrow(
      `${server.url}/simple has no tensor-lib 1.2.3 for this platform`,
    );
    serveIndex([{ filename: names[0], url: 'x', hashes: { sha256: sum } }]);
    await expect(findWheel({ ...wheel, sha256: 'b'.repeat(64) }, { network: networkOf() })).rejects.toThrow('another checksum');
    await expect(findWheel({ ...wheel, distribution: 'other' }, { network: networkOf() })).rejects.toThrow('answered 404');
  });

  test('name and password go to its own host, follow its own redirects, and are never shown', async () => {
    const other = await startByteServer();
    try {
      other.files.set('/end', { body: 'end' });
      server.files.set('/a', { body: '', redirectTo: '/b' });
      server.files.set('/b', { body: '', redirectTo: `${other.url}/end` });
      const address = server.url.replace('http://', 'http://user:pass%40word@');
      expect((await getText(`${address}/a`, { network: networkOf() })).text).toBe('end');
      const sent = [...server.requests, ...other.requests].map(({ headers }) => headers.authorization);
      const basic = `Basic ${Buffer.from('user:pass@word').toString('base64')}`;
      expect(sent).toEqual([basic, basic, undefined]);
      expect(plainUrl(`${address}/a`)).toBe(`${server.url}/a`);
    } finally {
      await other.close();
    }
  });
});

describe('network settings', () => {
  test("are pip's: its files, then the environment", () => {
    mkdirSync(join(folder, '.config', 'pip'), { recursive: true });
    const certificate = join(folder, 'ca.pem');
    writeFileSync(certificate, 'CERTIFICATE');
    writeFileSync(
      join(folder, '.config', 'pip', 'pip.conf'),
      `# index-url = https://wrong.example.org\n[global]\nindex-url = https://mirror.example.org/simple/\ncert: ${certificate}\n[install]\nindex-url = https://no.example.org\n`,
    );
    const network = readNetwork({ HOME: folder });
    expect(network.indexUrl).toBe('https://mirror.example.org/simple');
    expect(network.certificates?.at(-1)).toBe('CERTIFICATE');
    expect(readNetwork({ HOME: folder, PIP_INDEX_URL: 'https://env.example.org/simple' }).indexUrl).toBe('https://env.example.org/simple');
  });

  test('name the proxy of an address', () => {
    const { proxyFor } = readNetwork({ HOME: folder, HTTPS_PROXY: 'proxy.example.org:3128', NO_PROXY: 'localhost,.inside.example.org' });
    expect(proxyFor(new URL('https://pypi.org/simple'))?.host).toBe('proxy.example.org:3128');
    expect(proxyFor(new URL('https://files.inside.example.org/x'))).toBeUndefined();
    expect(proxyFor(new URL('http://pypi.org/'))).toBeUndefined();
  });

  test('a proxy gets the whole address', async () => {
    server.files.set('http://far.example.org/page', { body: 'through the proxy' });
    const network = networkOf({ http_proxy: server.url });
    expect((await getText('http://far.example.org/page', { network })).text).toBe('through the proxy');
    expect(server.requests[0]?.headers.host).toBe('far.example.org');
  });
});

test('https goes through a proxy by a tunnel, with the name and password of the proxy', async () => {
  const asked: { target: string | undefined; authorization: string | undefined }[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push({ target: request.url, authorization: request.headers['proxy-authorization'] });
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  try {
    const network = networkOf({ HTTPS_PROXY: `http://me:secret@127.0.0.1:${port}` });
    await expect(getText('https://far.example.org/page', { network })).rejects.toThrow(`the proxy 127.0.0.1:${port} answered 403`);
    expect(asked).toEqual([{ target: 'far.example.org:443', authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` }]);
  } finally {
    await new Promise((resolve) => proxy.close(resolve));
  }
});

test('where index and pip both fail, both are told', async () => {
  const said: string[] = [];
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    const options = { folder, network: networkOf(), log: (line: string) => said.push(line), progress: () => undefined };
    await expect(fetchWheel(wheel, options)).rejects.toThrow(
      `tensor-lib 1.2.3 could not be fetched. The package index: ${server.url}/simple/tensor-lib/ answered 404. pip: there is no python3 with pip`,
    );
  } finally {
    process.env.PATH = path;
  }
  expect(said).toEqual([expect.stringContaining('trying pip')]);
});

describe('which wheels', () => {
  test('a platform takes', () => {
    expect(planFor({ platform: 'linux', arch: 'x64' })).toMatchObject({
      name: 'linux-x64',
      wheel: { distribution: 'tensorflow-cpu', version: '2.18.1', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(planFor({ platform: 'linux', arch: 'arm64' })?.wheel.distribution).toBe('tensorflow');
    expect(planFor({ platform: 'darwin', arch: 'arm64' })?.wheel.platform.test('macosx_12_0_arm64')).toBe(true);
    expect(planFor({ platform: 'linux', arch: 'x64', version: '2.19.1' })?.wheel).toMatchObject({ version: '2.19.1', sha256: undefined });
    expect(planFor({ platform: 'win32', arch: 'x64' })).toBeUndefined();
  });

  test('a GPU takes', () => {
    const plan = planFor({ platform: 'linux', arch: 'x64', gpu: true });
    expect(plan).toMatchObject({ name: 'linux-x64-gpu', wheel: { distribution: 'tensorflow', version: '2.18.1' } });
    expect(planFor({ platform: 'darwin', arch: 'arm64', gpu: true })).toBeUndefined();
    const metadata = [
      'Metadata-Version: 2.1',
      'Requires-Dist: numpy <2.1.0,>=1.26.0',
      "Requires-Dist: nvidia-cublas-cu12 ==12.5.3.2 ; extra == 'and-cuda'",
      "Requires-Dist: nvidia-cuda-nvcc-cu12 ==12.5.82 ; extra == 'and-cuda'",
      "Requires-Dist: nvidia-cudnn-cu12 (==9.3.0.75) ; extra == 'and-cuda'",
      "Requires-Dist: nvidia-new-cu13 ==1.0 ; extra == 'and-cuda'",
    ].join('\n');
    expect(cudaWheels(metadata).map(({ distribution, version, sha256 }) => [distribution, version, sha256?.slice(0, 4)])).toEqual([
      ['nvidia-cublas-cu12', '12.5.3.2', 'ca07'],
      ['nvidia-cudnn-cu12', '9.3.0.75', '9ad9'],
      ['nvidia-new-cu13', '1.0', undefined],
    ]);
    expect(() => cudaWheels('Requires-Dist: numpy')).toThrow('no CUDA libraries');
  });

  test('hold what is taken out of them', () => {
    const taken = [
      'tensorflow/libtensorflow_cc.so.2',
      'tensorflow/include/tensorflow/c/eager/c_api.h',
      'nvidia/cudnn/lib/libcudnn.so.9',
      'tensorflow_cpu.libs/libgomp-1.so',
      'tensorflow-2.18.1.dist-info/METADATA',
      'tensorflow/python/framework/ops.py',
      'tensorflow/include/tensorflow/core/graph/graph.h',
      'nvidia/cudnn/include/cudnn.h',
      'nvidia/cublas/lib/__init__.py',
    ].map(targetInCache);
    expect(taken).toEqual([
      'lib/libtensorflow_cc.so.2',
      'include/tensorflow/c/eager/c_api.h',
      'nvidia/cudnn/lib/libcudnn.so.9',
      'tensorflow_cpu.libs/libgomp-1.so',
      'METADATA',
      ...[undefined, undefined, undefined, undefined],
    ]);
  });
});

test("the package's own download has the addresses of its install script, or those of a mirror", () => {
  const manifest = {
    version: '4.22.0',
    binary: {
      host: 'https://storage.googleapis.com/tf-builds/pre-built-binary',
      remote_path: './napi-v{napi_build_version}/{version}/',
      napi_versions: [3, 8],
    },
  };
  const at = { platform: 'linux', arch: 'x64' };
  expect(officialUrls(manifest, { ...at, env: {} })).toEqual({
    library: 'https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz',
    binding: 'https://storage.googleapis.com/tf-builds/pre-built-binary/napi-v8/4.22.0/CPU-linux-4.22.0.tar.gz',
  });
  expect(officialUrls(manifest, { ...at, env: { TFJS_NODE_CDN_STORAGE: 'https://cdn.example.org' } })?.library).toMatch(
    /^https:\/\/cdn\.example\.org\/tensorflow\//,
  );
  expect(officialUrls(manifest, { platform: 'linux', arch: 'arm64', env: {} })).toBeUndefined();
});
