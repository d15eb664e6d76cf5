/**
 * Puts a native TensorFlow library under @tensorflow/tfjs-node-gpu. Node's own modules only: it runs before anything is built.
 *
 *   node scripts/tensorflow/prepare.mjs [--json]
 *
 * Order: works already -> user cache -> wheel from the Python package index, binding compiled with one C++ command, kept in the user cache.
 * The cache folder is filled under a temporary name and renamed at the end, so a killed run leaves nothing half-made behind.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './lock.mjs';
import { downloadWheel, extractWheel, findPython, runCommand, tensorflowVersion, wheelFor } from './wheel.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const neededGigabytes = 1.3;

/** ~/.cache/plumbline, or $XDG_CACHE_HOME/plumbline. */
export function defaultCacheDir() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'plumbline');
}

/** Loads the binding and multiplies two matrices in a child process. */
export async function smokeTest(root) {
  const result = await runCommand(process.execPath, [join(here, 'smoke-test.mjs'), root], { cwd: root });
  const line = result.output.split('\n').at(-1) ?? '';
  if (result.code === 0 && line.startsWith('{')) return { works: true, ...JSON.parse(line) };
  return { works: false, reason: result.output.split('\n').find((text) => text.includes('Error')) ?? (line || `exit code ${result.code}`) };
}

function linkTo(target, link) {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(link) === target) return;
  mkdirSync(dirname(link), { recursive: true });
  if (found) rmSync(link, { recursive: true, force: true });
  const temporary = `${link}.${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

function linkIntoPackage(packageDir, cached) {
  linkTo(join(cached, 'lib'), join(packageDir, 'deps', 'lib'));
  linkTo(join(cached, 'napi-v8'), join(packageDir, 'lib', 'napi-v8'));
}

async function compileBinding(packageDir, headersDir, folder) {
  const compiler = [process.env.CXX, 'c++', 'g++', 'clang++'].find(
    (name) => name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (!compiler) return 'no C++ compiler (c++, g++ or clang++) found';
  const libraries = readdirSync(join(folder, 'lib'));
  const library = (prefix) => libraries.find((name) => name.startsWith(prefix));
  const core = library('libtensorflow_cc.');
  const framework = library('libtensorflow_framework.');
  if (!core || !framework) return 'the wheel holds no libtensorflow_cc or no libtensorflow_framework';
  mkdirSync(join(folder, 'napi-v8'), { recursive: true });
  // relative to the binding itself, so that the folder can be renamed afterwards
  const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  const result = await runCommand(compiler, [
    ...['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-w'],
    ...['-I', join(folder, 'include'), '-I', headersDir],
    ...[join(packageDir, 'binding', 'tfjs_backend.cc'), join(packageDir, 'binding', 'tfjs_binding.cc')],
    ...[join(folder, 'lib', core), join(folder, 'lib', framework)],
    `-Wl,-rpath,${origin}/../lib`,
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...['-o', join(folder, 'napi-v8', 'tfjs_binding.node')],
  ]);
  if (result.code === 0) return undefined;
  return `${compiler} failed: ${result.output.split('\n').find((line) => line.includes('error')) ?? result.output.split('\n').at(-1)}`;
}

async function buildCache({ root, packageDir, cacheDir, cached, wheel, log }) {
  const python = findPython();
  if (!python)
    return { reason: 'no python3 with pip was found', remedy: 'Install Python 3 with pip (Debian, Ubuntu: apt install python3-pip).' };
  const free = statfsSync(cacheDir);
  if ((free.bavail * free.bsize) / 1e9 < neededGigabytes) {
    return {
      reason: `less than ${neededGigabytes} GB are free under ${cacheDir}`,
      remedy: 'Free some space or set XDG_CACHE_HOME to a larger disk.',
    };
  }
  const work = mkdtempSync(join(cacheDir, 'tensorflow-work-'));
  try {
    const downloads = join(work, 'wheel');
    const target = join(work, 'target');
    mkdirSync(downloads);
    mkdirSync(target);
    const requirements = join(work, 'requirements.txt');
    writeFileSync(requirements, `${wheel.distribution}==${tensorflowVersion} --hash=sha256:${wheel.sha256}\n`);
    const failedDownload = await downloadWheel(python, wheel, downloads, requirements, log);
    if (failedDownload)
      return { reason: `pip could not download TensorFlow: ${failedDownload}`, remedy: 'Check the network or the pip configuration.' };
    log('unpacking TensorFlow');
    const failedExtract = await extractWheel(python, downloads, target);
    if (failedExtract)
      return { reason: `the TensorFlow wheel could not be unpacked: ${failedExtract}`, remedy: 'Check the free disk space.' };
    rmSync(downloads, { recursive: true, force: true });
    log('compiling the TensorFlow binding (about 10 s)');
    const failedCompile = await compileBinding(packageDir, join(root, 'node_modules', 'node-api-headers', 'include'), target);
    if (failedCompile)
      return { reason: failedCompile, remedy: 'Install a C++ compiler (Debian, Ubuntu: apt install g++; macOS: xcode-select --install).' };
    const bindingVersion = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')).version;
    writeFileSync(
      join(target, 'manifest.json'),
      `${JSON.stringify({ tensorflow: tensorflowVersion, binding: bindingVersion }, null, 2)}\n`,
    );
    rmSync(cached, { recursive: true, force: true });
    renameSync(target, cached);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Work folders of runs that were killed; called under the lock, so none of them is in use. */
function removeLeftovers(cacheDir) {
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith('tensorflow-work-')) rmSync(join(cacheDir, name), { recursive: true, force: true });
  }
}

/**
 * Makes `@tensorflow/tfjs-node-gpu` under `root` load a native library.
 * Never throws for a machine that cannot have it: `ready: false` with the reason and the remedy, and the engine runs on wasm.
 *
 * @param {{ root: string, cacheDir?: string, log?: (line: string) => void }} options
 * @returns {Promise<{ ready: true, how: 'already' | 'cache' | 'built', library: string, gpu: boolean, directory?: string } | { ready: false, reason: string, remedy: string }>}
 */
export async function prepareTensorflow({ root, cacheDir = defaultCacheDir(), log = () => {} }) {
  const packageDir = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  if (!existsSync(packageDir)) return { ready: false, reason: '@tensorflow/tfjs-node-gpu is not installed', remedy: 'Run npm ci first.' };
  const first = await smokeTest(root);
  if (first.works) return { ready: true, how: 'already', library: first.library, gpu: first.gpu };
  const wheel = wheelFor();
  if (!wheel) {
    return {
      ready: false,
      reason: `TensorFlow publishes no library for ${process.platform} ${process.arch}`,
      remedy: 'The slower wasm engine is used; for training take a Linux x64, Linux arm64 or Apple silicon machine.',
    };
  }
  const cached = join(cacheDir, `tensorflow-${tensorflowVersion}-${wheel.name}`);
  let release;
  try {
    mkdirSync(cacheDir, { recursive: true });
    release = await takeLock(`${cached}.lock`, () => log('waiting for another set-up of TensorFlow to finish'));
    removeLeftovers(cacheDir);
    if (existsSync(join(cached, 'manifest.json'))) {
      linkIntoPackage(packageDir, cached);
      const result = await smokeTest(root);
      if (result.works) return { ready: true, how: 'cache', library: result.library, gpu: result.gpu, directory: cached };
      log(`the cached TensorFlow does not load (${result.reason}); building it again`);
    }
    const failure = await buildCache({ root, packageDir, cacheDir, cached, wheel, log });
    if (failure) return { ready: false, ...failure };
    linkIntoPackage(packageDir, cached);
    const result = await smokeTest(root);
    if (result.works) return { ready: true, how: 'built', library: result.library, gpu: result.gpu, directory: cached };
    return {
      ready: false,
      reason: `the new TensorFlow does not load: ${result.reason}`,
      remedy: `Remove ${cached} and run npm run setup:tensorflow.`,
    };
  } catch (error) {
    return { ready: false, reason: error.message, remedy: `Check that ${cacheDir} can be written (or set XDG_CACHE_HOME).` };
  } finally {
    release?.();
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const result = await prepareTensorflow({ root: resolve(here, '..', '..'), log: (line) => console.log(`tensorflow: ${line}`) });
  if (process.argv.includes('--json')) console.log(JSON.stringify(result));
  else if (result.ready) console.log(`tensorflow: ready (${result.library}, ${result.gpu ? 'GPU' : 'CPU'}, ${result.how})`);
  else console.log(`tensorflow: not available: ${result.reason}. ${result.remedy} The slower wasm engine is used.`);
  process.exitCode = result.ready ? 0 : 1;
}
