/**
 * `npm run circle:simulate -- --seeds 1,2,3 --rounds 2 --json`: the whole circle on the model and the stories of PLUMBLINE_TEST_DATA, in an
 * installation of its own that is removed at the end (PLUMBLINE_HOME keeps it). Further options are those of `plumbline loop simulate`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { folderRanges } from '#lib/blobs/file-ranges';
import { createEngine } from '#lib/ml/engine/create-engine';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';
import { readModel } from '#lib/ml/models/hugging-face';
import { promptsJsonl, storyPrompts } from './story-prompts';

const root = path.resolve(import.meta.dirname, '../..');
const promptCount = 480;
const promptSeed = 7;
const storiesFile = z.object({ stories: z.array(z.object({ text: z.string() })) });

function plumbline(args: readonly string[], home: string, stdout: 'ignore' | 'inherit'): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, 'bin/plumbline.mjs'), ...args], {
      env: { ...process.env, PLUMBLINE_HOME: home },
      stdio: ['ignore', stdout, 'inherit'],
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Openings of stories: sentences of the real ones, and what the policy itself writes. */
async function writePrompts(model: string, stories: string, file: string): Promise<void> {
  Object.assign(process.env, nativeEnvironment(availableParallelism()));
  const engine = await createEngine({ backend: 'auto', log: (line) => console.error(line) });
  const files = await readModel(await folderRanges(model), model);
  const texts = storiesFile.parse(JSON.parse(await readFile(stories, 'utf8'))).stories.map(({ text }) => text);
  await writeFile(file, promptsJsonl(await storyPrompts({ engine, files, stories: texts, count: promptCount, seed: promptSeed })));
}

async function main(): Promise<number> {
  const data = process.env.PLUMBLINE_TEST_DATA;
  if (!data) {
    console.error('Set PLUMBLINE_TEST_DATA to the folder that holds stories260k.');
    return 2;
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'plumbline-circle-'));
  const home = process.env.PLUMBLINE_HOME ?? path.join(scratch, 'home');
  const stories = path.join(data, 'stories260k');
  const model = path.join(scratch, 'policy');
  const prompts = path.join(scratch, 'prompts.jsonl');
  try {
    const files = ['--weights', path.join(stories, 'stories260K.bin'), '--tokenizer', path.join(stories, 'tok512.bin')];
    const converted = await plumbline(['models', 'convert', '--from', 'llama2c', ...files, '--out', model], home, 'ignore');
    if (converted !== 0) return converted;
    await writePrompts(model, path.join(stories, 'story_nll.json'), prompts);
    return await plumbline(['loop', 'simulate', model, '--prompts', prompts, ...process.argv.slice(2)], home, 'inherit');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

process.exitCode = await main();
