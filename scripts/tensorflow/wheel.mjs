/**
 * Which TensorFlow wheel fits this machine, fetching it with pip, and taking out of it the two libraries and the C headers.
 * The Python code in the wheel is never used: only libtensorflow_cc, libtensorflow_framework and tensorflow/c/*.h.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export const tensorflowVersion = '2.18.1';

/** @typedef {{ name: string, distribution: string, tags: string[], sha256: string, megabytes: number }} Wheel */

/** @type {Readonly<Record<string, Wheel>>} */
const wheels = {
  'linux-x64': {
    name: 'linux-x64',
    distribution: 'tensorflow-cpu',
    tags: ['manylinux_2_17_x86_64', 'manylinux2014_x86_64'],
    sha256: '8e0f27dbd92c6d380ae0ccfe73c7343f65c127b0aa98467c30c2e71eda7c76a4',
    megabytes: 230,
  },
  'linux-arm64': {
    name: 'linux-arm64',
    distribution: 'tensorflow',
    tags: ['manylinux_2_17_aarch64', 'manylinux2014_aarch64'],
    sha256: '1ba52b9c06ab8102b31e50acfaf56899b923171e603c8942f2bfeb181d6bb59e',
    megabytes: 232,
  },
  'darwin-arm64': {
    name: 'darwin-arm64',
    distribution: 'tensorflow',
    tags: ['macosx_12_0_arm64'],
    sha256: '98afa9c7f21481cdc6ccd09507a7878d533150fbb001840cc145e2132eb40942',
    megabytes: 240,
  },
};

/** The wheel for a platform, or undefined where TensorFlow publishes none. */
export function wheelFor(platform = process.platform, arch = process.arch) {
  return wheels[`${platform}-${arch}`];
}

const extraction = `
import glob, os, shutil, sys, zipfile
source, target = sys.argv[1], sys.argv[2]
headers = ('tensorflow/c/', 'tensorflow/core/platform/ctstring', 'tsl/platform/ctstring', 'xla/tsl/c/')
with zipfile.ZipFile(glob.glob(os.path.join(source, '*.whl'))[0]) as wheel:
    for item in wheel.infolist():
        if item.is_dir():
            continue
        name = os.path.basename(item.filename)
        folder = item.filename.split('/')[0]
        include = item.filename.split('tensorflow/include/', 1)
        if name.startswith(('libtensorflow_cc.', 'libtensorflow_framework.')):
            path = os.path.join(target, 'lib', name)
        elif folder.endswith('.libs'):
            path = os.path.join(target, folder, name)
        elif len(include) == 2 and include[1].startswith(headers):
            path = os.path.join(target, 'include', include[1])
        else:
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with wheel.open(item) as read, open(path, 'wb') as write:
            shutil.copyfileobj(read, write, 1 << 20)
`;

/** A python that has pip, or undefined. */
export function findPython() {
  return ['python3', 'python'].find((name) => spawnSync(name, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0);
}

function folderBytes(folder) {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
    }
  } catch {
    // a file vanished between listing and reading: the next look counts it
  }
  return bytes;
}

/** Runs a command, keeps the last part of its output. */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => {
      output = (output + chunk).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, output: output.trim() }));
  });
}

/** Downloads the wheel into `folder`; pip checks its sha256. Returns the reason where it failed. */
export async function downloadWheel(python, wheel, folder, requirements, log) {
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar=off',
  ];
  args.push(
    '--python-version',
    '3.12',
    ...wheel.tags.flatMap((tag) => ['--platform', tag]),
    '--dest',
    folder,
    '--require-hashes',
    '-r',
    requirements,
  );
  log(`downloading TensorFlow ${tensorflowVersion}, ${wheel.megabytes} MB (once; kept for later)`);
  const timer = setInterval(() => {
    const done = Math.min(wheel.megabytes, Math.round(folderBytes(folder) / 1e6));
    log(`downloading TensorFlow ${tensorflowVersion}: ${done} of ${wheel.megabytes} MB`);
  }, 10_000);
  try {
    const result = await runCommand(python, args, { env: { ...process.env, TMPDIR: folder } });
    if (result.code === 0) return undefined;
    return result.output.split('\n').findLast((line) => line.includes('ERROR')) ?? result.output.split('\n').at(-1) ?? 'pip failed';
  } finally {
    clearInterval(timer);
  }
}

/** Unpacks libraries and headers of the wheel in `folder` into `target`. Returns the reason where it failed. */
export async function extractWheel(python, folder, target) {
  const result = await runCommand(python, ['-c', extraction, folder, target]);
  return result.code === 0 ? undefined : result.output.split('\n').at(-1);
}
