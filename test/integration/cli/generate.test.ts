import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serializeModel } from '#lib/ml/models/serialize-model';
import { tinyModel } from '../../support/tiny-model';
import { type CliRun, failureOf, runCli, scratchFolder, startCli } from './run-cli';

const folder = scratchFolder();
const model = path.join(folder, 'model');
const at = (name: string) => path.join(folder, name);
const run = (...args: string[]): Promise<CliRun> => runCli(['generate', ...args, '--json'], { home: at('none') });
const input = (name: string, lines: readonly unknown[]) => {
  writeFileSync(at(name), lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return at(name);
};
interface Line {
  id: string | number;
  prompt: unknown;
  sample: number;
  text: string;
  tokens: number[];
  logProb: number;
  finishReason: string;
  score?: number;
}
const lines = (name: string): Line[] =>
  readFileSync(at(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

function writeModel(name: string, files: Parameters<typeof serializeModel>[0]): void {
  mkdirSync(at(name));
  for (const file of serializeModel(files)) {
    writeFileSync(path.join(at(name), file.name), Buffer.concat([...file.parts()]));
  }
}

const files = tinyModel();
const chatTemplate = "{% for message in messages %}{{ message['role'] + ' ' + message['content'] + '.' }}{% endfor %}";

beforeAll(() => {
  writeModel('model', { ...files, tokenizerConfigJson: JSON.stringify({ chat_template: chatTemplate }) });
  const score = {
    dtype: 'F32' as const,
    shape: [1, files.config.hiddenSize],
    data: Float32Array.from({ length: files.config.hiddenSize }, (_, at) => at - 7),
  };
  const weights = new Map([...files.weights].filter(([name]) => name !== 'lm_head.weight'));
  writeModel('reward', { ...files, kind: 'REWARD', weights: weights.set('score.weight', score) });
  input('prompts.jsonl', [{ prompt: 'the cat' }, { id: 'b', prompt: 'a dog', extra: 1 }, '', { id: 'c', prompt: 'who' }]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const common = (out: string) => ['--model', model, '--prompts', at('prompts.jsonl'), '--max-new-tokens', '12', '--out', at(out)];

describe('generate', () => {
  it('writes samples in the order of the prompts, the same for the same seed, whatever the batch', async () => {
    const first = await run(...common('a.jsonl'), '--samples', '3', '--seed', '5');
    expect(first.json).toMatchObject({ prompts: 3, answers: 9, out: at('a.jsonl'), tokensPerSecond: expect.any(Number) });
    expect(first.stderr).toMatch(/answers, \d+ tokens\/s/);
    const written = lines('a.jsonl');
    expect(written.map(({ id, sample }) => [id, sample])).toEqual([1, 'b', 'c'].flatMap((id) => [0, 1, 2].map((sample) => [id, sample])));
    expect(written[3]).toMatchObject({ prompt: 'a dog', text: expect.any(String) });
    expect(new Set(written.map(({ text }) => text)).size).toBeGreaterThan(6);
    for (const { finishReason, logProb, tokens } of written) {
      expect(logProb).toBeLessThan(0);
      expect(finishReason === 'eos' ? tokens.at(-1) : tokens.length).toBe(finishReason === 'eos' ? 2 : 12);
    }
    expect(existsSync(`${at('a.jsonl')}.part`)).toBe(false);
    expect(existsSync(`${at('a.jsonl')}.part.json`)).toBe(false);
    await run(...common('b.jsonl'), '--samples', '3', '--seed', '5', '--batch', '2');
    expect(lines('b.jsonl').map(({ text }) => text)).toEqual(written.map(({ text }) => text));
    await run(...common('c.jsonl'), '--samples', '3', '--seed', '6');
    expect(lines('c.jsonl').map(({ text }) => text)).not.toEqual(written.map(({ text }) => text));
    const again = await run(...common('a.jsonl'));
    expect(failureOf(again)).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('is there already') });
    expect((await run(...common('a.jsonl'), '--force', '--top-k', '1')).code).toBe(0);
    await run(...common('g.jsonl'), '--temperature', '0');
    expect(lines('a.jsonl').map(({ tokens }) => tokens)).toEqual(lines('g.jsonl').map(({ tokens }) => tokens));
  });

  it('goes on where a run was cut off', async () => {
    await run(...common('whole.jsonl'), '--samples', '2');
    const whole = readFileSync(at('whole.jsonl'), 'utf8');
    const settings = ['--samples', '2'];
    // a run that was killed in the middle of its fourth line
    const offset = whole.split('\n').slice(0, 3).join('\n').length + 1;
    writeFileSync(`${at('cut.jsonl')}.part`, `${whole.slice(0, offset)}{"id":"b","prom`);
    const refused = await run(...common('cut.jsonl'), ...settings);
    expect(failureOf(refused)).toMatchObject({ code: 'BAD_INPUT', remedy: expect.stringContaining('--resume') });
    const unknown = await run(...common('cut.jsonl'), ...settings, '--resume');
    expect(failureOf(unknown).message).toContain('cut.jsonl.part.json');
    writeFileSync(`${at('cut.jsonl')}.part.json`, await interruptedSettings());
    const other = await run(...common('cut.jsonl'), ...settings, '--seed', '9', '--resume');
    expect(failureOf(other)).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('another seed: 0 instead of 9') });
    const resumed = await run(...common('cut.jsonl'), ...settings, '--resume');
    expect(resumed.json).toMatchObject({ answers: 6, resumed: 3 });
    expect(readFileSync(at('cut.jsonl'), 'utf8').startsWith(whole.slice(0, offset))).toBe(true);
    // other rows stand beside the rest now: the last digits of a sum may differ, no token does
    lines('whole.jsonl').forEach(({ logProb, ...line }, index) => {
      const { logProb: resumedLogProb, ...other } = lines('cut.jsonl')[index]!;
      expect(other).toEqual(line);
      expect(resumedLogProb).toBeCloseTo(logProb, 4);
    });
  });

  /** What a run of these options leaves beside its part when Ctrl-C ends it. */
  async function interruptedSettings(): Promise<string> {
    input(
      'many.jsonl',
      Array.from({ length: 3000 }, () => ({ prompt: 'the cat' })),
    );
    const args = [
      '--model',
      model,
      '--prompts',
      at('many.jsonl'),
      '--max-new-tokens',
      '50',
      '--batch',
      '8',
      '--samples',
      '2',
      '--out',
      at('i.jsonl'),
    ];
    const cli = startCli(['generate', ...args, '--json'], { home: at('none') });
    const part = `${at('i.jsonl')}.part`;
    await expect.poll(() => existsSync(part) && readFileSync(part, 'utf8').includes('\n'), { timeout: 120_000 }).toBe(true);
    cli.child.kill('SIGINT');
    const ended = await cli.ended;
    expect(ended.code).toBe(130);
    const { message, remedy } = failureOf(ended);
    const [, count] = message.match(/Stopped: (\d+) of 6000 answers are written to .*i\.jsonl\.part/) ?? [];
    expect(remedy).toContain('--resume');
    expect(lines('i.jsonl.part').length).toBe(Number(count));
    expect(existsSync(at('i.jsonl'))).toBe(false);
    const left = JSON.parse(readFileSync(`${at('i.jsonl')}.part.json`, 'utf8')) as Record<string, unknown>;
    const prompts = createHash('sha256')
      .update(readFileSync(at('prompts.jsonl')))
      .digest('hex');
    return JSON.stringify({ ...left, prompts, maxNewTokens: 12 });
  }

  it('reads conversations, ends at stop texts, searches beams, keeps the best of n, streams', async () => {
    const chat = input('chat.jsonl', [{ messages: [{ role: 'user', content: 'who' }] }, { id: 'x', prompt: 'who' }]);
    await run('--model', model, '--prompts', chat, '--chat', '--temperature', '0', '--max-new-tokens', '8', '--out', at('chat-out.jsonl'));
    const [first, second] = lines('chat-out.jsonl');
    expect(first!.tokens).toEqual(second!.tokens);
    expect(first!.prompt).toEqual([{ role: 'user', content: 'who' }]);
    const [free] = lines('a.jsonl');
    const stop = free!.text.slice(2, 4);
    await run(...common('stop.jsonl'), '--top-k', '1', '--stop', stop, 'zzzz');
    expect(lines('stop.jsonl')[0]).toMatchObject({ text: free!.text.slice(0, free!.text.indexOf(stop)), finishReason: 'stop' });
    await run(...common('beams.jsonl'), '--beams', '4', '--samples', '2');
    const beams = lines('beams.jsonl');
    expect(beams.length).toBe(6);
    expect(beams[0]!.score).toBeGreaterThanOrEqual(beams[1]!.score!);
    expect(beams[0]!.score).toBeCloseTo(beams[0]!.logProb / beams[0]!.tokens.length, 6);
    const best = await run(...common('best.jsonl'), '--best-of', '4', '--reward', at('reward'), '--seed', '5');
    expect(best.json).toMatchObject({ answers: 3 });
    expect(lines('best.jsonl').map(({ id }) => id)).toEqual([1, 'b', 'c']);
    const others = lines('b.jsonl').filter(({ id }) => id === 1);
    const winner = lines('best.jsonl')[0]!;
    if (winner.sample < 3) expect(winner.text).toBe(others[winner.sample]!.text);
    const streamed = await runCli(
      ['generate', '--model', model, '--prompts', at('prompts.jsonl'), '--max-new-tokens', '12', '--seed', '5', '--stream'],
      { home: at('none') },
    );
    expect(streamed.stdout).toBe(
      `${['1', 'b', 'c'].map((id) => lines('b.jsonl').find((line) => String(line.id) === id)!.text).join('\n\n')}\n\n`,
    );
  });

  it('names what is wrong', async () => {
    const wrong = async (...args: string[]) => failureOf(await run(...args));
    const base = ['--model', model, '--prompts', at('prompts.jsonl'), '--out', at('w.jsonl')];
    expect((await wrong(...base, '--temperature', '-1')).message).toContain('--temperature is -1');
    expect((await wrong(...base, '--temperature', 'hot')).message).toContain('--temperature takes a number, not "hot"');
    expect((await wrong(...base, '--top-p', '1.5')).message).toContain('topP is 1.5');
    expect((await wrong(...base, '--best-of', '3')).message).toContain('--best-of and --reward go together');
    expect((await wrong('--model', at('nowhere'), '--prompts', at('prompts.jsonl'), '--out', at('w.jsonl'))).message).toContain(
      'nowhere is not a folder',
    );
    const lineOf = (name: string, content: readonly unknown[]) =>
      wrong('--model', model, '--prompts', input(name, content), '--out', at('w.jsonl'));
    expect((await lineOf('w1.jsonl', [{ prompt: 'a' }, '{"prompt":'])).message).toMatch(/w1\.jsonl, line 2: this is not JSON/);
    expect((await lineOf('w2.jsonl', [{ text: 'a' }])).message).toMatch(/w2\.jsonl, line 1: it needs "prompt"/);
    expect((await lineOf('w3.jsonl', [{ prompt: '' }])).message).toMatch(/line 1: the prompt is empty/);
    expect((await lineOf('w4.jsonl', [{ prompt: 'a'.repeat(70) }])).message).toMatch(
      /line 1: the prompt has 70 tokens and leaves no room for an answer: the model reads 64/,
    );
    expect(
      (
        await lineOf('w5.jsonl', [
          { id: 1, prompt: 'a' },
          { id: 1, prompt: 'b' },
        ])
      ).message,
    ).toMatch(/line 2: the id 1 stands in line 1 already/);
    expect((await lineOf('w6.jsonl', [])).message).toContain('holds no prompts');
    expect((await wrong('--model', at('reward'), '--prompts', at('prompts.jsonl'), '--out', at('w.jsonl'))).message).toContain(
      'language model is needed',
    );
    expect(existsSync(at('w.jsonl'))).toBe(false);
    expect(existsSync(`${at('w.jsonl')}.part`)).toBe(false);
  });
});
