/**
 * `npm run check`: format and lint, types, import rules, unused code, file sizes. Every part runs, so that one call shows all that is wrong.
 * `--root DIR` checks another copy of the tree (the tests plant faults in one).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const rootAt = process.argv.indexOf('--root');
const root = rootAt > 0 ? path.resolve(process.argv[rootAt + 1] ?? '.') : process.cwd();
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const sourceFolders = ['app', 'lib', 'workers', 'scripts'];

interface Part {
  readonly name: string;
  run(): { ok: boolean; text: string };
}

/** Every TypeScript source file below the source folders, generated code left out. */
function sourceFiles(): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !full.endsWith(path.join('db', 'generated'))) walk(full);
      } else if (/\.(ts|tsx)$/.test(entry.name)) found.push(path.relative(root, full));
    }
  };
  for (const folder of sourceFolders) if (statSync(path.join(root, folder), { throwIfNoEntry: false })) walk(path.join(root, folder));
  return found;
}

function command(name: string, args: string[]): { ok: boolean; text: string } {
  const result = spawnSync(process.execPath, [path.join(root, 'node_modules', name), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return { ok: result.status === 0, text: `${result.stdout ?? ''}${result.stderr ?? ''}`.trim() };
}

/** The cruiser reads nothing under a TypeScript it does not know and still looks green: the count is checked against the folders. */
function importRules(): { ok: boolean; text: string } {
  const folders = sourceFolders.filter((folder) => statSync(path.join(root, folder), { throwIfNoEntry: false }));
  const result = command('dependency-cruiser/bin/dependency-cruise.mjs', [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    ...folders,
  ]);
  let report: {
    summary: {
      error: number;
      totalCruised: number;
      violations: { rule: { name: string }; from: string; to: string; cycle?: { name: string }[] }[];
    };
    modules: { source: string }[];
  };
  try {
    report = JSON.parse(result.text.slice(result.text.indexOf('{')));
  } catch {
    return { ok: false, text: `the import checker printed no report:\n${result.text.slice(0, 2000)}` };
  }
  const read = new Set(report.modules.map((module) => module.source));
  const missed = sourceFiles().filter((file) => !read.has(file.split(path.sep).join('/')));
  const broken = report.summary.violations.map(
    (v) => `${v.rule.name}: ${v.from} -> ${v.cycle ? v.cycle.map((c) => c.name).join(' -> ') : v.to}`,
  );
  const ok = missed.length === 0 && report.summary.error === 0;
  return {
    ok,
    text: [
      `${sourceFiles().length - missed.length} of ${sourceFiles().length} modules read`,
      ...missed.map((file) => `not read: ${file}`),
      ...broken,
    ].join('\n'),
  };
}

/** Files stay small enough to hold in the head: 300 lines, trainers 400. */
function fileSizes(): { ok: boolean; text: string } {
  const limit = (file: string) => (file.startsWith(path.join('lib', 'ml', 'trainers')) ? 400 : 300);
  const long = sourceFiles()
    .map((file) => ({ file, lines: readFileSync(path.join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > limit(file));
  return { ok: long.length === 0, text: long.map(({ file, lines }) => `${file}: ${lines} lines, at most ${limit(file)}`).join('\n') };
}

const parts: readonly Part[] = [
  { name: 'lint', run: () => command('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']) },
  { name: 'types', run: () => command('typescript/bin/tsc', ['--noEmit', '-p', '.']) },
  { name: 'imports', run: importRules },
  { name: 'unused', run: () => command('knip/bin/knip.js', ['--no-progress']) },
  { name: 'sizes', run: fileSizes },
];

let failed = 0;
for (const part of parts.filter(({ name }) => !only || only.includes(name))) {
  const started = Date.now();
  const { ok, text } = part.run();
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${part.name} (${((Date.now() - started) / 1000).toFixed(1)} s)${!ok || part.name === 'imports' ? `\n${text}` : ''}`,
  );
  if (!ok) failed++;
}
process.exitCode = failed ? 1 : 0;
