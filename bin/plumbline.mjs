#!/usr/bin/env node
// Runs the built command line (dist/cli.mjs), or its TypeScript source where nothing is built yet or PLUMBLINE_DEV=1. Node's own modules only.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const built = path.join(root, 'dist', 'cli.mjs');

function stop(message, remedy) {
  process.stderr.write(`error: ${message}\n  What to do: ${remedy}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: { code: 'PRECONDITION', message, remedy, details: {} } })}\n`);
  }
  process.exit(1);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  stop(`Plumbline needs Node 20.19 or newer; this is ${process.version}.`, 'Install a newer Node from https://nodejs.org.');
}
if (!existsSync(path.join(root, 'node_modules', 'commander'))) {
  stop('The dependencies are not installed.', `Run "npm start" (or "npm ci") in ${root} once.`);
}

try {
  if (existsSync(built) && process.env.PLUMBLINE_DEV !== '1') {
    await import(pathToFileURL(built).href);
  } else {
    const { register } = await import('tsx/esm/api');
    register();
    await import(pathToFileURL(path.join(root, 'scripts', 'cli', 'main.ts')).href);
  }
} catch (error) {
  if (process.env.PLUMBLINE_DEBUG === '1') throw error;
  stop(
    `The command line cannot be loaded (${String(error?.message ?? error).split('\n')[0]}).`,
    `Run "npm start" in ${root} once: it builds what is missing. PLUMBLINE_DEBUG=1 shows more.`,
  );
}
