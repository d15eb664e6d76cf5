import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '#lib/errors';
import { defaultCacheDir } from '../tensorflow/cache.mjs';
import { takeLock } from '../tensorflow/lock.mjs';

const run = promisify(execFile);
const versions = { torch: '2.9.1', transformers: '4.57.3', numpy: '2.2.6', safetensors: '0.8.0', sentencepiece: '0.2.3' };
const ask = `import json,importlib.metadata as m
print(json.dumps({name: m.version(name) for name in ${JSON.stringify(Object.keys(versions))}}))`;

/** The first package that is missing or of another version, or undefined. */
async function firstWrong(python: string): Promise<string | undefined> {
  if (!existsSync(python)) return 'it is not there';
  try {
    const found: Record<string, string> = JSON.parse((await run(python, ['-c', ask])).stdout);
    const [wrong] = Object.entries(versions).filter(([name, version]) => found[name]?.split('+')[0] !== version);
    return wrong && `${wrong[0]} is ${found[wrong[0]]} instead of ${wrong[1]}`;
  } catch (error) {
    return error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
  }
}

/**
 * The Python of a virtual environment in the user cache that holds exactly the reference's versions; made once, which takes minutes and 6 GB.
 * @throws AppError UNAVAILABLE where it cannot be made
 */
export async function referencePython(log: (line: string) => void): Promise<string> {
  const folder = path.join(defaultCacheDir(), 'python-reference');
  const python = path.join(folder, 'bin', 'python');
  if ((await firstWrong(python)) === undefined) return python;
  const release = await takeLock(`${folder}.lock`, () => log('waiting for another process that makes the Python environment'));
  try {
    const wrong = await firstWrong(python);
    if (wrong === undefined) return python;
    log(`making the Python environment ${folder} (${wrong})`);
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    const packages = Object.entries(versions).map(([name, version]) => `${name}==${version}`);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { maxBuffer: 64 << 20 });
    const still = await firstWrong(python);
    if (still !== undefined) throw new Error(still);
    return python;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.trim().split('\n').at(-1) ?? '') : String(cause);
    throw new AppError('UNAVAILABLE', `The Python environment of the reference cannot be made: ${why}`, {
      remedy: 'It needs python3 (3.10 to 3.13) with venv and pip, and 6 GB of disk; pip takes index and proxy from its settings.',
      cause,
    });
  } finally {
    release();
  }
}
