import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '#lib/formats/safetensors';
import { readStories, storiesFolder } from '../../support/stories260k';
import { writeLlama2c } from './llama2c-files';
import { type CliRun, failureOf, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
const model = path.join(folder, 'tiny');
const files = writeLlama2c(folder);

const run = (...args: string[]): Promise<CliRun> => runCli([...args, '--json'], { home: path.join(folder, 'none') });
const convert = (weights: string, tokenizer: string, out: string) =>
  run('models', 'convert', '--from', 'llama2c', '--weights', weights, '--tokenizer', tokenizer, '--out', out);
const input = (name: string, content: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

beforeAll(async () => {
  expect((await convert(files.weights, files.tokenizer, model)).code).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('models new', () => {
  it('makes a folder of random weights by seed, which computes', async () => {
    const make = (seed: string, out: string) =>
      run(
        ...['models', 'new', '--family', 'llama', '--hidden', '16', '--layers', '2', '--heads', '4', '--kv-heads', '2', '--context', '32'],
        ...['--vocabulary-from', files.tokenizer, '--tied', '--seed', seed, '--out', path.join(folder, out)],
      );
    const [first, same, other] = [await make('1', 'new-a'), await make('1', 'new-b'), await make('2', 'new-c')];
    expect(first.json).toMatchObject({ family: 'llama', seed: 1, config: { tiedEmbeddings: true, keyValueHeads: 2, contextLength: 32 } });
    expect(same.code).toBe(0);
    const weights = (name: string) => readFileSync(path.join(folder, name, 'model.safetensors'));
    expect(weights('new-a').equals(weights('new-b'))).toBe(true);
    expect(weights('new-a').equals(weights('new-c'))).toBe(false);
    const tensors = readSafetensors(weights('new-a'), 'new');
    const count = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(first.json.parameterCount).toBe(count);
    expect(other.code).toBe(0);
    const computed = await run(
      'logits',
      '--model',
      path.join(folder, 'new-a'),
      '--input',
      input('new.json', '{"texts":["t"]}'),
      '--out',
      path.join(folder, 'new-out.json'),
    );
    expect(computed).toMatchObject({ code: 0 });
  });

  it('makes gpt2 without a tokenizer', async () => {
    const out = path.join(folder, 'new-gpt2');
    const made = await run(
      ...['models', 'new', '--family', 'gpt2', '--hidden', '16', '--layers', '1', '--heads', '2', '--vocabulary-size', '40', '--out', out],
    );
    expect(made.json).toMatchObject({ family: 'gpt2', config: { vocabSize: 40, intermediateSize: 64, tiedEmbeddings: true } });
    expect(readdirSync(out).sort()).toEqual(['config.json', 'generation_config.json', 'model.safetensors']);
  });

  it('says what does not go together, and makes nothing', async () => {
    const out = path.join(folder, 'never');
    const base = ['models', 'new', '--family', 'gpt2', '--hidden', '16', '--layers', '1', '--out', out];
    const cases: [string[], RegExp][] = [
      [['--heads', '3', '--vocabulary-size', '40'], /3 heads do not divide a width of 16/],
      [['--heads', '2'], /One of --vocabulary-from and --vocabulary-size is needed/],
      [['--heads', '2', '--vocabulary-size', '40', '--kv-heads', '1'], /--kv-heads is for llama/],
      [['--heads', '0', '--vocabulary-size', '40'], /--heads takes a whole number from 1 on/],
      [['--heads', '2', '--vocabulary-from', '/nowhere.json'], /\/nowhere\.json cannot be read/],
    ];
    for (const [more, message] of cases) {
      const failed = await run(...base, ...more);
      expect(failed.code).toBe(2);
      expect(failureOf(failed).message).toMatch(message);
    }
    expect(existsSync(out)).toBe(false);
  });
});

describe('logits', () => {
  it('gives the same numbers in both formats, row by row', async () => {
    const rows = input('rows.json', '{"ids":[[1,5,9],[1]]}');
    const [asJson, asTensors] = [path.join(folder, 'out.json'), path.join(folder, 'out.safetensors')];
    const first = await run('logits', '--model', model, '--input', rows, '--out', asJson);
    expect(first.json).toMatchObject({ out: asJson, rows: 2, tokens: 4, vocabulary: files.vocabulary });
    expect((await run('logits', '--model', model, '--input', rows, '--out', asTensors)).code).toBe(0);
    const { ids, logits } = json(asJson) as { ids: number[][]; logits: number[][][] };
    expect(ids).toEqual([[1, 5, 9], [1]]);
    const tensors = readSafetensors(readFileSync(asTensors), 'out');
    expect(tensors.get('logits')?.shape).toEqual([2, 3, files.vocabulary]);
    expect(Array.from(tensors.get('lengths')!.data)).toEqual([3, 1]);
    expect(Array.from(tensors.get('logits')!.data.subarray(0, files.vocabulary))).toEqual(logits[0]![0]);
    // rows begin with the same token, so with the same logits; only the last bits know how long a row is
    logits[1]![0]!.forEach((value, index) => {
      expect(value).toBeCloseTo(logits[0]![0]![index]!, 5);
    });
  });

  it('names what is wrong, and writes nothing', async () => {
    const out = path.join(folder, 'refused.json');
    const long = JSON.stringify({ ids: [[1], Array.from({ length: 200 }, () => 1)] });
    const cases: [string, RegExp][] = [
      ['{"ids":[[1],[]]}', /row 2: the prompt is empty/],
      [long, /row 2: the prompt has 200 tokens, but the model reads at most \d+/],
      ['{"ids":[[1, 100000]]}', /row 1: token 100000 is outside of the model's vocabulary/],
      ['{"rows":[]}', /it needs "ids".* or "texts"/],
      ['{', /the file is not JSON/],
    ];
    for (const [content, message] of cases) {
      const failed = await run('logits', '--model', model, '--input', input('bad.json', content), '--out', out);
      expect(failed.code).toBe(2);
      expect(failureOf(failed).message).toMatch(message);
    }
    const suffix = await run('logits', '--model', model, '--input', input('ok.json', '{"ids":[[1]]}'), '--out', path.join(folder, 'x.bin'));
    expect(failureOf(suffix).message).toMatch(/--out has to end with \.json or \.safetensors/);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses weights that are not finite, naming tensor and position', async () => {
    const broken = path.join(folder, 'nan');
    cpSync(model, broken, { recursive: true });
    const weights = path.join(broken, 'model.safetensors');
    const tensors = readSafetensors(readFileSync(weights), 'w');
    tensors.get('model.norm.weight')!.data[3] = Number.NaN;
    writeFileSync(weights, writeSafetensors(tensors));
    for (const command of ['logits', 'perplexity']) {
      const more =
        command === 'logits'
          ? ['--input', input('ok.json', '{"ids":[[1]]}'), '--out', path.join(folder, 'y.json')]
          : ['--data', input('ok.jsonl', '{"ids":[1,2]}')];
      const failed = await run(command, '--model', broken, ...more);
      expect(failed.code).toBe(2);
      expect(failureOf(failed).message).toBe(`${weights}: tensor model.norm.weight holds NaN at position 3.`);
    }
  });
});

describe('perplexity', () => {
  it('agrees with the logits, and reads long texts in windows', async () => {
    const found = await run('perplexity', '--model', model, '--data', input('two.jsonl', '{"ids":[1,5,9]}\n\n{"ids":[1]}\n'));
    const { logits } = json(path.join(folder, 'out.json')) as { logits: number[][][] };
    const lossAt = (position: number, target: number) => {
      const row = logits[0]![position]!;
      return Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[target]!;
    };
    expect(found.json).toMatchObject({ tokens: 2, texts: 2, windowed: 0 });
    expect(found.json.nll).toBeCloseTo((lossAt(0, 5) + lossAt(1, 9)) / 2, 5);
    expect(found.json.perplexity).toBeCloseTo(Math.exp(found.json.nll as number), 9);
    const long = await run(
      'perplexity',
      '--model',
      model,
      '--data',
      input('long.jsonl', JSON.stringify({ ids: Array.from({ length: 100 }, (_, i) => (i % 7) + 1) })),
    );
    expect(long.json).toMatchObject({ tokens: 99, windowed: 1 });
    expect(long.stderr).toMatch(/1 text is longer than the \d+ tokens of the context: read in windows that overlap by half/);
  });

  it('names the line that is wrong', async () => {
    const cases: [string, RegExp][] = [
      ['{"ids":[1,2]}\n{"ids":[]}', /line 2: the text is empty/],
      ['{"ids":[1,2]}\nx', /line 2: this is not JSON/],
      ['{"prompt":"a"}', /line 1: it needs "text"/],
      ['{"ids":[1,99999]}', /line 1: token 99999 is outside/],
      ['{"ids":[1]}', /There is nothing to predict/],
      ['\n', /holds no text/],
    ];
    for (const [content, message] of cases) {
      const failed = await run('perplexity', '--model', model, '--data', input('bad.jsonl', content));
      expect(failed.code).toBe(2);
      expect(failureOf(failed).message).toMatch(message);
    }
  });

  it.skipIf(!storiesFolder)('the stories of stories260k: 1.264142 nats a token (needs PLUMBLINE_TEST_DATA)', async () => {
    const stories = path.join(folder, 'stories');
    mkdirSync(path.join(folder, 'raw'));
    const [weights, tokenizer] = ['stories260K.bin', 'tok512.bin'].map((name) => path.join(folder, 'raw', name)) as [string, string];
    writeFileSync(weights, readStories('stories260K.bin'));
    writeFileSync(tokenizer, readStories('tok512.bin'));
    expect((await convert(weights, tokenizer, stories)).code).toBe(0);
    const { stories: texts } = JSON.parse(readStories('story_nll.json').toString('utf8')) as { stories: { text: string }[] };
    const found = await run(
      'perplexity',
      '--model',
      stories,
      '--data',
      input('stories.jsonl', texts.map(({ text }) => JSON.stringify({ text })).join('\n')),
    );
    expect(Math.abs((found.json.nll as number) - 1.264142)).toBeLessThan(1e-4);
    expect(found.json.tokens).toBe(1802);
  });
});
