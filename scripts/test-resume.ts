/** `npm run test:resume [algorithm]`: kills runs of every trainer at ten random moments each, and holds what they end with to undisturbed ones. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const [algorithm] = process.argv.slice(2);
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const chosen = algorithm === undefined ? [] : ['-t', `train ${algorithm}`];
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', 'integration', 'test/integration/training/resume.test.ts', ...chosen],
  {
    cwd: root,
    env: { ...process.env, PLUMBLINE_RESUME_MOMENTS: '10' },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
