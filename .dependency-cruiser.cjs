/** Which folder may import which; the reasons stand in each comment. Read docs/decisions before loosening one. */
const source = '^(app|lib|workers|scripts)/';
const types = { dependencyTypesNot: ['type-only'] };

/** A folder of lib may import only what is listed (and packages, see below). */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: source, pathNot: [from, ...allowed, '^lib/errors\\.ts$'], ...types },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle works only by the order of its lines.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: types },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that resolves to nothing.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^[.]{2}/dist/' },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'Only packages that package.json pins.',
      severity: 'error',
      from: { path: source },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'] },
    },
    only('domain-is-pure', '^lib/domain/', [], 'Vocabulary and rules know no database, queue, tensor or format.'),
    only('formats-are-pure', '^lib/formats/', ['^lib/domain/'], 'Bytes or text to domain and back, nothing else.'),
    only(
      'ml-is-pure',
      '^lib/ml/',
      ['^lib/domain/', '^lib/formats/'],
      'Tensor code can be read and taken out without the product around it.',
    ),
    only('blobs-stand-alone', '^lib/blobs/', [], 'The store knows bytes and hashes, not what they mean.'),
    only('db-stands-alone', '^lib/db/', [], 'The client factory knows no use case.'),
    only('queues-carry-ids', '^lib/queues/', ['^lib/domain/', '^lib/services/deps\\.ts$'], 'A queue definition never loads a processor.'),
    only(
      'services-mix',
      '^lib/services/',
      ['^lib/domain/', '^lib/formats/', '^lib/db/', '^lib/queues/', '^lib/blobs/', '^lib/logger\\.ts$'],
      'The only place that mixes database, queues and domain; no tensor, no environment, no process.',
    ),
    {
      name: 'packages-of-pure-code',
      comment: 'domain and formats need zod and Node, no database driver, queue or tensor library.',
      severity: 'error',
      from: { path: '^lib/(domain|formats)/' },
      to: { path: 'node_modules/', pathNot: ['node_modules/zod/'], ...types },
    },
    {
      name: 'tensors-only-in-ml',
      comment: 'TensorFlow is reached through the Engine.',
      severity: 'error',
      from: { path: source, pathNot: ['^lib/ml/engine/', '^scripts/tensorflow/'] },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'environment-at-entry-points',
      comment: 'Configuration is parsed once and passed.',
      severity: 'error',
      from: {
        path: '^(lib|app)/',
        pathNot: ['^lib/(env|deps)\\.ts$', '^app/_deps\\.ts$', '^app/_(auth|trpc)/', '^app/_server/main\\.ts$'],
      },
      to: { path: '^lib/(env|deps)\\.ts$' },
    },
    {
      name: 'web-has-no-tensors',
      comment: 'The web bundle holds no tensor code and no job code.',
      severity: 'error',
      from: { path: '^app/' },
      to: { path: '^(lib/ml/|workers/|scripts/)', ...types },
    },
    {
      name: 'screens-know-no-database',
      comment: 'Pages and components go through tRPC or services.',
      severity: 'error',
      from: { path: '^app/', pathNot: '^app/_(auth|trpc)/' },
      to: { path: '^lib/(db|queues)/', ...types },
    },
    {
      name: 'routers-delegate',
      comment: 'A router parses, authorises and calls a service.',
      severity: 'error',
      from: { path: '^app/_trpc/routers/' },
      to: { path: '^lib/(db|queues|blobs)/', ...types },
    },
    {
      name: 'nobody-imports-entries',
      comment: 'Entry points are ends.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(app|workers|scripts|test)/' },
    },
    {
      name: 'workers-stand-apart',
      comment: 'The worker process runs without the web code.',
      severity: 'error',
      from: { path: '^workers/' },
      to: { path: '^(app|test)/' },
    },
    {
      name: 'source-knows-no-test',
      comment: 'Tests import source, never the other way.',
      severity: 'error',
      from: { path: source },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^\\.next', '^dist', '^lib/db/generated'] },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
