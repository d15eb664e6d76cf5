import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#lib/errors';
import { defaultCacheDir } from '../tensorflow/cache.mjs';
import { takeLock } from '../tensorflow/lock.mjs';

const run = promisify(execFile);

/** A virtual environment in the user cache that holds exactly these versions. */
export interface PythonEnvironment {
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Another environment, whose packages this one sees too: so that PyTorch lies on the disk once. */
  readonly base?: PythonEnvironment;
  readonly gigabytes: number;
}

const reference: PythonEnvironment = {
  name: 'python-reference',
  versions: { torch: '2.9.1', transformers: '4.57.3', numpy: '2.2.6', safetensors: '0.8.0', sentencepiece: '0.2.3' },
  gigabytes: 7,
};

function trl(version: string): PythonEnvironment {
  return {
    name: `python-trl-${version}`,
    versions: { trl: version, accelerate: '1.15.0', datasets: '5.0.1', jinja2: '3.1.6' },
    base: reference,
    gigabytes: 1,
  };
}

/** The newest TRL that the speed and the losses of SFT, reward model and DPO are compared with. */
export const trlEnvironment = trl('1.16.0');
/** The last TRL with PPO. */
export const trlPpoEnvironment = trl('1.12.0');

function lastWords(error: unknown): string {
  return error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
}

/** Of the environment and what it is based on. */
function allVersions({ base, versions }: PythonEnvironment): Record<string, string> {
  return { ...(base && allVersions(base)), ...versions };
}

function folderOf({ name }: PythonEnvironment): string {
  return path.join(defaultCacheDir(), name);
}

function pythonOf(environment: PythonEnvironment): string {
  return path.join(folderOf(environment), 'bin', 'python');
}

/** The first package that is missing or of another version, or undefined. */
async function firstWrong(environment: PythonEnvironment): Promise<string | undefined> {
  const python = pythonOf(environment);
  if (!existsSync(python)) return 'it is not there';
  const versions = allVersions(environment);
  const ask = `import json,importlib.metadata as m
print(json.dumps({name: m.version(name) for name in ${JSON.stringify(Object.keys(versions))}}))`;
  try {
    const found: Record<string, string> = JSON.parse((await run(python, ['-c', ask])).stdout);
    const [wrong] = Object.entries(versions).filter(([name, version]) => found[name]?.split('+')[0] !== version);
    return wrong && `${wrong[0]} is ${found[wrong[0]]} instead of ${wrong[1]}`;
  } catch (error) {
    return lastWords(error);
  }
}

async function sitePackages(python: string): Promise<string> {
  return (await run(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'])).stdout.trim();
}

async function make(environment: PythonEnvironment): Promise<void> {
  const folder = folderOf(environment);
  const python = pythonOf(environment);
  rmSync(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  if (environment.base) {
    const theirs = await sitePackages(pythonOf(environment.base));
    writeFileSync(path.join(await sitePackages(python), 'base.pth'), `${theirs}\n`);
  }
  const packages = Object.entries(allVersions(environment)).map(([name, version]) => `${name}==${version}`);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { maxBuffer: 64 << 20 });
  const still = await firstWrong(environment);
  if (still !== undefined) throw new Error(still);
}

/**
 * The Python of an environment, which is made where it is missing: once, in minutes.
 * @throws AppError UNAVAILABLE where it cannot be made
 */
export async function environmentPython(environment: PythonEnvironment, log: (line: string) => void): Promise<string> {
  if (environment.base) await environmentPython(environment.base, log);
  const folder = folderOf(environment);
  const python = pythonOf(environment);
  if ((await firstWrong(environment)) === undefined) return python;
  const release = await takeLock(`${folder}.lock`, () => log('waiting for another process that makes the Python environment'));
  try {
    const wrong = await firstWrong(environment);
    if (wrong === undefined) return python;
    log(`making the Python environment ${folder} (${wrong})`);
    await make(environment);
    return python;
  } catch (cause) {
    throw new AppError('UNAVAILABLE', `The Python environment ${environment.name} cannot be made: ${lastWords(cause)}`, {
      remedy: `It needs python3 (3.10 to 3.13) with venv and pip, and ${environment.gigabytes} GB of disk; pip takes index and proxy from its settings.`,
      cause,
    });
  } finally {
    release();
  }
}

export function referencePython(log: (line: string) => void): Promise<string> {
  return environmentPython(reference, log);
}
