/** `npx tsx scripts/cli/write-docs.ts`: writes docs/command-line.md from the commands themselves. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeCommands } from './describe-commands';
import { createProgram } from './program';
import { findRoot } from './root';
import { createTerminal } from './terminal';

const { root, version } = findRoot();
const program = createProgram(
  {
    root,
    signal: new AbortController().signal,
    terminal: createTerminal(process.stderr),
    finish: () => undefined,
    onClose: () => undefined,
  },
  { version, write: () => undefined },
);
writeFileSync(path.join(root, 'docs', 'command-line.md'), describeCommands(program));
