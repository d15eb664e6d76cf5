/**
 * `npm run build`: the pages (`next build`) and the programs (esbuild, to dist/). Each part remembers the hash of what it was made from, so
 * that a start with nothing changed builds nothing.
 *
 *   tsx scripts/build.ts [--only=programs|pages] [--force]
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { programs, type StalePart, staleParts } from './bootstrap/build-state.mjs';

const root = path.resolve(import.meta.dirname, '..');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
const force = process.argv.includes('--force');

async function buildPrograms(): Promise<void> {
  const dist = path.join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: programs,
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  });
}

function buildPages(): Promise<void> {
  const next = path.join(root, 'node_modules', 'next', 'dist', 'bin', 'next');
  const child = spawn(process.execPath, [next, 'build'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => (code === 0 ? resolve() : reject(new Error(`next build ended with ${code ?? signal}`))));
  });
}

const make: Readonly<Record<StalePart['name'], () => Promise<void>>> = { programs: buildPrograms, pages: buildPages };

try {
  for (const part of staleParts(root, { only, force })) {
    console.log(`build: building the ${part.name}`);
    const since = performance.now();
    part.begin();
    await make[part.name]();
    part.done();
    console.log(`build: built the ${part.name} in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
