import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { AppError } from '#lib/errors';
import type { Outcome } from '../../../scripts/cli/frame';
import { algorithms } from '../../../scripts/cli/train/algorithms';
import { runTraining } from '../../../scripts/cli/train/run-training';
import { scratchFolder } from '../cli/run-cli';
import { TrainingWorld } from './training-world';

// In this process: what is looked at are checks that come before anything is trained. The engine that starts fastest.
vi.stubEnv('PLUMBLINE_ENGINE', 'wasm');
const world = new TrainingWorld(scratchFolder());
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(world.folder, { recursive: true, force: true });
});

const quiet = { line: () => undefined, progress: () => undefined, endProgress: () => undefined, screen: () => undefined };
const context = {
  root: '',
  signal: new AbortController().signal,
  terminal: quiet,
  finish: () => undefined,
  onClose: () => undefined,
};

async function train(name: string, options: Readonly<Record<string, unknown>>): Promise<Outcome> {
  const algorithm = algorithms.find((each) => each.name === name);
  if (!algorithm) throw new Error(`no algorithm ${name}`);
  return runTraining(context, { args: [], options: { model: world.at('model'), out: world.at('never'), ...options } }, algorithm);
}

async function failure(...given: Parameters<typeof train>): Promise<AppError> {
  const outcome = await train(...given).catch((error: unknown) => error as AppError);
  if (!(outcome instanceof Error)) throw new Error(`it did not fail: ${JSON.stringify(outcome.json)}`);
  return outcome;
}

describe('bad input', () => {
  const rows = (...list: object[]) => list.map((row) => `${JSON.stringify(row)}\n`).join('');
  const good = { prompt: 'say a', chosen: 'aa', rejected: 'zz', split: 'train' };
  const long = 'a'.repeat(80);
  it.each<[string, string, string, RegExp]>([
    ['a ranking of one', 'reward', rows({ prompt: 'a', responses: ['b'], ranks: [1] }), /line 1: responses: found a ranking of 1/],
    [
      'nothing but ties',
      'dpo',
      rows({ prompt: 'a', responses: ['b', 'c'], ranks: [1, 1], split: 'train' }),
      /leaves nothing to learn from: .*all-tied/,
    ],
    ['an answer over the context', 'dpo', rows(good, { ...good, prompt: 'b', chosen: long }), /line 2.*together at most 64/s],
    ['an empty completion', 'sft', rows({ prompt: 'a', completion: '' }), /line 1: completion: .*an empty one teaches silence/],
    ['nothing but identical pairs', 'dpo', rows({ ...good, rejected: 'aa' }), /No preference is left/],
    ['a missing prompt', 'kto', rows({ completion: 'b', label: true }), /line 1/],
    [
      'a prompt in both splits',
      'dpo',
      rows(good, { ...good, chosen: 'ab', split: 'validation' }),
      /line 2 \(VALIDATION\): the prompt of .*line 1 \(TRAIN\)/,
    ],
    ['another form', 'kto', rows({ text: 'just a text' }), /text/],
    ['no JSON', 'sft', '{"prompt"', /line 1/],
    ['no rows', 'sft', '\n', /holds no rows/],
  ])('names %s', async (name, algorithm, content, message) => {
    const file = `${name.replaceAll(' ', '-')}.jsonl`;
    writeFileSync(world.at(file), content);
    const failed = await failure(algorithm, { data: world.at(file), dryRun: true });
    expect(failed).toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(message) });
    expect(existsSync(world.at('never'))).toBe(false);
  });

  it('notes what is odd and kept', async () => {
    const file = 'odd.jsonl';
    writeFileSync(
      world.at(file),
      rows(good, { ...good, chosen: 'zz', rejected: 'aa' }, { ...good, prompt: 'b', chosen: 'c', rejected: 'c' }),
    );
    const { json } = await train('dpo', { data: world.at(file), dryRun: true });
    const texts = (json.notes as { text: string }[]).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringMatching(/^1 .*judged in opposite ways/));
    expect(texts).toContainEqual(expect.stringMatching(/^1 pairs of two equal answers; left out/));
  });

  it('refuses models that are not there, of the wrong kind or with another tokenizer', async () => {
    const other = world.at('other-tokenizer');
    cpSync(world.at('model'), other, { recursive: true });
    const tokenizer = readFileSync(world.at('model', 'tokenizer.json'), 'utf8');
    writeFileSync(`${other}/tokenizer.json`, tokenizer.replace('"?":31', '"!":31'));
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ reward: world.at('nowhere') }, /--reward: there is no .*nowhere/],
      [{ reward: world.at('model') }, /is no reward model but one of kind POLICY/],
      [{ reference: other, set: ['reward={"rule":"length"}'] }, /has another tokenizer/],
      [{ reward: world.at('model'), set: ['reward={"rule":"length"}'] }, /both --reward and the setting "reward"/],
      [{}, /Nothing says what answers are worth/],
      [{ set: ['reward={"rule":"length"}', 'steps=-1'] }, /"steps" is -1/],
    ];
    for (const [more, message] of cases) {
      const failed = await failure('ppo', { data: world.at('prompts.jsonl'), dryRun: true, ...more });
      expect(failed).toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(message) });
    }
  });

  it('stops where the server of a reward is away, or gives no number', async () => {
    const server = createServer((_, response) => response.end('{"rewards":[null,1]}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const asking = (out: string, url: string) => {
      const reward = `reward=${JSON.stringify({ http: url, retries: 0 })}`;
      const set = ['steps=2', 'rolloutBatchSize=2', 'samplesPerPrompt=2', 'maxNewTokens=4', 'samplePrompts=0', reward];
      return failure('rloo', { data: world.at('prompts.jsonl'), out: world.at(out), set });
    };
    const wrong = await asking('no-number', `http://127.0.0.1:${port}/`);
    await new Promise((resolve) => server.close(resolve));
    const away = await asking('away', `http://127.0.0.1:${port}/`);
    for (const failed of [wrong, away]) {
      expect(failed).toMatchObject({ code: 'UNAVAILABLE', details: { endpoint: expect.stringContaining(String(port)) } });
    }
    expect(wrong.message).toMatch(/no number/);
  });
});
