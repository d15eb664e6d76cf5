/**
 * `npm run build`: the pages (`next build`) and the programs (esbuild, to dist/). Each part remembers the hash of what it was made from, so
 * that a start with nothing changed builds nothing.
 *
 *   tsx scripts/build.ts [--only=programs|pages] [--force]
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
const force = process.argv.includes('--force');

const programs = {
  worker: 'workers/worker.ts',
  'run-child': 'workers/run-child.ts',
  cli: 'scripts/cli/main.ts',
  supervisor: 'scripts/supervisor/main.ts',
};
const shared = ['lib', 'prisma/schema.prisma', 'package-lock.json', 'package.json', 'tsconfig.json'];

interface Part {
  readonly name: 'programs' | 'pages';
  readonly sources: readonly string[];
  readonly stamp: string;
  /** Files without which the part is not there. */
  readonly results: readonly string[];
  make(): Promise<void>;
}

function filesBelow(entry: string): string[] {
  const full = path.join(root, entry);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [full];
  // Made from prisma/schema.prisma, which is among the sources itself.
  if (full === path.join(root, 'lib', 'db', 'generated')) return [];
  return readdirSync(full).flatMap((name) => filesBelow(path.join(entry, name)));
}

function hashSources(sources: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of sources.flatMap(filesBelow).sort()) {
    hash.update(`\0${path.relative(root, file)}\0`).update(createHash('sha256').update(readFileSync(file)).digest());
  }
  return hash.digest('hex');
}

async function buildPrograms(): Promise<void> {
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

const pagesFolder = path.resolve(root, process.env.PLUMBLINE_NEXT_DIR ?? '.next');
const parts: readonly Part[] = [
  {
    name: 'programs',
    sources: [...shared, 'workers', 'scripts'],
    stamp: path.join(dist, '.made-from'),
    results: Object.keys(programs).map((name) => path.join(dist, `${name}.mjs`)),
    make: buildPrograms,
  },
  {
    name: 'pages',
    sources: [...shared, 'app', 'public', 'next.config.ts', 'proxy.ts', 'instrumentation.ts', 'postcss.config.mjs'],
    stamp: path.join(pagesFolder, '.made-from'),
    results: [path.join(pagesFolder, 'BUILD_ID')],
    make: buildPages,
  },
];

async function buildStale(): Promise<void> {
  for (const part of parts.filter(({ name }) => only === undefined || only === name)) {
    const wanted = hashSources(part.sources);
    const made = existsSync(part.stamp) ? readFileSync(part.stamp, 'utf8') : '';
    if (!force && made === wanted && part.results.every((file) => existsSync(file))) continue;
    console.log(`build: building the ${part.name}`);
    const since = performance.now();
    rmSync(part.stamp, { force: true });
    await part.make();
    mkdirSync(path.dirname(part.stamp), { recursive: true });
    writeFileSync(part.stamp, wanted);
    console.log(`build: built the ${part.name} in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
}

try {
  await buildStale();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
