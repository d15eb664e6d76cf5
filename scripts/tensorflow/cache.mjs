/** Folders of the user cache: one a TensorFlow version and platform, whole or not there, and which of them was set up last. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** ~/.cache/plumbline, or $XDG_CACHE_HOME/plumbline. */
export function defaultCacheDir(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'plumbline');
}

export function packageOf(root) {
  return join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
}

/** What a whole cache folder says of itself, or undefined. */
export function readManifest(folder) {
  try {
    return { librariesFolder: 'lib', bindingFolder: 'napi-v8', ...JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) };
  } catch {
    return undefined;
  }
}

/** The cache folder that the package is linked to now, or undefined. */
export function linkedFolder(root) {
  const link = join(packageOf(root), 'lib', 'napi-v8');
  if (!existsSync(link)) return undefined;
  const binding = realpathSync(link);
  return [dirname(binding), dirname(dirname(binding))].find((folder) => existsSync(join(folder, 'manifest.json')));
}

/** Folders that LD_LIBRARY_PATH has to name for a GPU, sorted. */
export function cudaFolders(folder) {
  const nvidia = join(folder, 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .sort()
    .map((name) => join(nvidia, name, 'lib'))
    .filter((each) => existsSync(each));
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

/** Makes the package under `root` use a cache folder, and remembers it for the next node_modules. */
export function linkIntoPackage(root, folder) {
  const manifest = readManifest(folder);
  const packageDir = packageOf(root);
  linkTo(join(folder, manifest.librariesFolder), join(packageDir, 'deps', 'lib'));
  linkTo(join(folder, manifest.bindingFolder), join(packageDir, 'lib', 'napi-v8'));
  writeFileSync(join(dirname(folder), 'tensorflow-current'), `${basename(folder)}\n`);
}

/** The folder that was set up last, whole, or undefined. */
export function lastUsed(cacheDir) {
  try {
    const folder = join(cacheDir, basename(readFileSync(join(cacheDir, 'tensorflow-current'), 'utf8').trim()));
    return readManifest(folder) && folder;
  } catch {
    return undefined;
  }
}

/** Loads the binding of the package under `root` and multiplies two matrices, in a child process. */
export async function smokeTest(root) {
  const binding = join(packageOf(root), 'lib', 'napi-v8', 'tfjs_binding.node');
  if (!existsSync(binding)) return { works: false, reason: 'the native TensorFlow library is not set up' };
  // The command line is one bundled file: there the test lies below the checkout.
  const test = [join(here, 'smoke-test.mjs'), join(root, 'scripts', 'tensorflow', 'smoke-test.mjs')].find((file) => existsSync(file));
  const linked = linkedFolder(root);
  const cuda = linked ? cudaFolders(linked) : [];
  const path = [...cuda, ...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter((each) => each !== '' && !cuda.includes(each))].join(':');
  const env = { ...process.env, ...(path === '' ? {} : { LD_LIBRARY_PATH: path }) };
  const result = await runCommand(process.execPath, [test, binding], { cwd: root, env });
  const line = result.output.split('\n').at(-1) ?? '';
  if (result.code === 0 && line.startsWith('{')) return { works: true, ...JSON.parse(line) };
  return { works: false, reason: result.output.split('\n').find((text) => text.includes('Error')) ?? (line || `exit code ${result.code}`) };
}
