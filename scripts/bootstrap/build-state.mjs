/** What the build is made from, and whether it is up to date. Node's own modules only: a start with nothing changed loads no builder. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Name of the file in dist/ -> its source. */
export const programs = {
  web: 'app/_server/main.ts',
  worker: 'workers/worker.ts',
  'run-child': 'workers/run-child.ts',
  'chat-child': 'workers/chat-child.ts',
  cli: 'scripts/cli/main.ts',
  supervisor: 'scripts/supervisor/main.ts',
};

const shared = ['lib', 'prisma/schema.prisma', 'package-lock.json', 'package.json', 'tsconfig.json'];

function partsOf(root) {
  const dist = path.join(root, 'dist');
  const pages = path.resolve(root, process.env.PLUMBLINE_NEXT_DIR || '.next');
  return [
    {
      name: 'programs',
      sources: [...shared, 'workers', 'scripts', 'app/_server'],
      stamp: path.join(dist, '.made-from'),
      results: Object.keys(programs).map((name) => path.join(dist, `${name}.mjs`)),
    },
    {
      name: 'pages',
      sources: [...shared, 'app', 'public', 'next.config.ts', 'proxy.ts', 'instrumentation.ts', 'postcss.config.mjs'],
      stamp: path.join(pages, '.made-from'),
      results: [path.join(pages, 'BUILD_ID')],
    },
  ];
}

function filesBelow(root, entry) {
  const full = path.join(root, entry);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [full];
  // Made from prisma/schema.prisma, which is among the sources itself.
  if (full === path.join(root, 'lib', 'db', 'generated')) return [];
  return readdirSync(full).flatMap((name) => filesBelow(root, path.join(entry, name)));
}

function hashSources(root, sources) {
  const hash = createHash('sha256').update(process.version);
  for (const file of sources.flatMap((source) => filesBelow(root, source)).sort()) {
    hash.update(`\0${path.relative(root, file)}\0`).update(createHash('sha256').update(readFileSync(file)).digest());
  }
  return hash.digest('hex');
}

/** The parts of the build that are not there or not made from the sources of now. */
export function staleParts(root, { only, force = false } = {}) {
  return partsOf(root)
    .filter(({ name }) => only === undefined || only === name)
    .flatMap((part) => {
      const wanted = hashSources(root, part.sources);
      const made = existsSync(part.stamp) ? readFileSync(part.stamp, 'utf8') : '';
      if (!force && made === wanted && part.results.every((file) => existsSync(file))) return [];
      return [
        {
          name: part.name,
          begin: () => rmSync(part.stamp, { force: true }),
          done() {
            mkdirSync(path.dirname(part.stamp), { recursive: true });
            writeFileSync(part.stamp, wanted);
          },
        },
      ];
    });
}
