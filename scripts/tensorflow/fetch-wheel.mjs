/** Gets one wheel onto the disk: from the index itself, which can be continued after a break, else by pip, which knows more ways. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { download, hashFile } from './download.mjs';
import { findWheel } from './python-index.mjs';
import { runCommand } from './run-command.mjs';
import { findPython } from './wheel.mjs';

function folderBytes(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
  } catch {
    // a file vanished between listing and reading: the next look counts it
    return 0;
  }
}

/** pip knows private indexes, key rings and further sources; it checks the sum and starts anew after a break. */
async function fetchByPip(wheel, folder, { progress, signal }) {
  const python = await findPython();
  if (!python) throw new Error('there is no python3 with pip');
  const work = mkdtempSync(join(folder, 'pip-'));
  const wanted = `${wheel.distribution}==${wheel.version}`;
  writeFileSync(join(work, 'requirements.txt'), `${wanted}${wheel.sha256 ? ` --hash=sha256:${wheel.sha256}` : ''}\n`);
  const since = performance.now();
  const timer = setInterval(() => {
    // pip keeps a second copy for a moment
    const done = Math.min(folderBytes(work), wheel.bytes ?? Number.POSITIVE_INFINITY);
    progress({ what: wanted, done, total: wheel.bytes, rate: (done * 1000) / (performance.now() - since) });
  }, 1_000);
  try {
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
    args.push('--python-version', '3.12', ...wheel.pipPlatforms.flatMap((tag) => ['--platform', tag]), '--dest', work);
    args.push('-r', join(work, 'requirements.txt'));
    const result = await runCommand(python, args, { env: { ...process.env, TMPDIR: work }, signal });
    signal?.throwIfAborted();
    if (result.code !== 0)
      throw new Error(result.output.split('\n').findLast((line) => line.includes('ERROR')) ?? `it ended with ${result.code}`);
    const name = readdirSync(work).find((each) => each.endsWith('.whl'));
    if (!name) throw new Error('it left no wheel');
    renameSync(join(work, name), join(folder, name));
    return { file: join(folder, name), sha256: await hashFile(join(folder, name)), by: 'pip' };
  } finally {
    clearInterval(timer);
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {import('./wheel.d.mts').Wheel} wheel
 * @param {import('./fetch-wheel.d.mts').FetchOptions} options
 * @throws Error in words for a person, naming what both ways said
 */
export async function fetchWheel(wheel, { folder, network, log, progress, signal }) {
  mkdirSync(folder, { recursive: true });
  let failure;
  try {
    const found = await findWheel(wheel, { network, signal });
    const file = join(folder, found.name);
    const result = await download({
      url: found.url,
      file,
      sha256: found.sha256,
      network,
      signal,
      onProgress: ({ done, total, rate }) =>
        progress({ what: `${wheel.distribution} ${wheel.version}`, done, total: total ?? found.bytes, rate }),
    });
    if (result.resumedFrom > 0)
      log(`went on with ${found.name} at ${(result.resumedFrom / 1e6).toFixed(0)} of ${(result.bytes / 1e6).toFixed(0)} MB`);
    return { file, sha256: result.sha256, by: 'index' };
  } catch (error) {
    signal?.throwIfAborted();
    failure = error.message;
  }
  log(`${wheel.distribution} cannot be had from the package index directly (${failure}); trying pip`);
  try {
    return await fetchByPip(wheel, folder, { progress, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`${wheel.distribution} ${wheel.version} could not be fetched. The package index: ${failure}. pip: ${error.message}`);
  }
}
