import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { algorithms } from '../../../../../scripts/cli/train/algorithms';

const folder = mkdtempSync(path.join(os.tmpdir(), 'plumbline-documented-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const page = readFileSync(path.resolve(import.meta.dirname, '../../../../../docs/training.md'), 'utf8');

it.each(algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
  'takes the config that docs/training.md gives for %s',
  async (name, algorithm) => {
    const yaml = new RegExp(`### \`${name}\`\n\n\`\`\`yaml\n(.*?)\`\`\``, 's').exec(page)?.[1];
    expect(yaml).toBeDefined();
    const file = path.join(folder, `${name}.yaml`);
    writeFileSync(file, yaml ?? '');
    const { origins } = await algorithm.configure({ file, sets: [] });
    expect(origins.filter(({ from }) => from === 'file').length).toBeGreaterThan(4);
  },
);
