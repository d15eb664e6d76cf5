import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failureOf, runCli, scratchFolder } from './run-cli';

const folder = scratchFolder();
const fixtures = path.resolve(import.meta.dirname, '../../fixtures/tokenizers');
const tokenizer = path.join(folder, 'model', 'tokenizer.json');
const run = (...args: string[]) => runCli([...args, '--json'], { home: path.join(folder, 'none') });
const input = (name: string, content: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};

const template =
  "{% for m in messages %}{{ m.role + ': ' + m.content + '<|endoftext|>' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";

beforeAll(async () => {
  mkdirSync(path.join(folder, 'model'));
  const texts = input('texts.jsonl', '{"text": "the cats sat"}\n\n{"messages": [{"role": "user", "content": "the cats"}]}\n');
  const trained = await run('tokenizers', 'train', '--data', texts, '--vocabulary-size', '300', '--out', tokenizer);
  expect(trained.code).toBe(0);
  // "the cats sat": t+h, th+e, ... until each word of both texts is one token
  expect(trained.json).toMatchObject({ file: tokenizer, asked: 300, texts: 2, characters: 20 });
  expect(trained.json.vocabularySize).toBeLessThan(300);
  writeFileSync(
    path.join(folder, 'model', 'tokenizer_config.json'),
    JSON.stringify({ bos_token: '<|endoftext|>', eos_token: { content: '<|endoftext|>' }, chat_template: template }),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('learns the same vocabulary from a text file, byte for byte, with the special tokens asked for', async () => {
  const data = input('texts.txt', 'the cats sat the cats');
  const train = (out: string) =>
    run(
      'tokenizers',
      'train',
      '--data',
      data,
      '--vocabulary-size',
      '270',
      '--out',
      path.join(folder, out),
      '--special-token',
      '<s>',
      '</s>',
    );
  const [first, second] = [await train('a.json'), await train('b.json')];
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(readFileSync(path.join(folder, 'a.json'), 'utf8')).toBe(readFileSync(path.join(folder, 'b.json'), 'utf8'));
  const special = await run('tokenize', '--tokenizer', path.join(folder, 'a.json'), '--text', '<s>the</s>');
  expect(special.json).toMatchObject({ pieces: ['<s>', 'the', '</s>'] });
  expect((special.json.ids as number[])[0]).toBe(0);
  const small = await run('tokenizers', 'train', '--data', data, '--vocabulary-size', '256', '--out', path.join(folder, 'c.json'));
  expect(small.code).toBe(2);
  expect(failureOf(small).message).toMatch(/256 bytes and 1 special tokens need 257/);
});

it('shows ids, pieces and places, and turns ids into text', async () => {
  const cut = await run('tokenize', '--model', path.join(folder, 'model'), '--text', 'the cats \ud83d\ude00');
  expect(cut.json).toMatchObject({ tokenizer, pieces: ['the', '\u0120cats', '\u0120', '\u00f0', '\u0141', '\u013a', '\u0122'] });
  expect(cut.json.offsets).toEqual([
    [0, 3],
    [3, 8],
    [8, 9],
    [9, 11],
    [9, 11],
    [9, 11],
    [9, 11],
  ]);
  const back = await run('tokenize', '--tokenizer', tokenizer, '--decode', (cut.json.ids as number[]).join(', '));
  expect(back.json.text).toBe('the cats \ud83d\ude00');
  const shown = await runCli(['tokenize', '--tokenizer', tokenizer, '--text', 'the\n cats'], { home: path.join(folder, 'none') });
  expect(shown.stdout).toMatch(/the +3?.*0-3/);
  expect(shown.stdout).toContain('\u00b7cats');
  expect(shown.stdout).toContain('\\n');
  expect(shown.stdout).toMatch(/3 tokens\n$/);
});

it('cuts each line of a file, conversations by the chat template with the assistant marked', async () => {
  const data = input(
    'rows.jsonl',
    '{"text": "the cats"}\n{"messages": [{"role": "user", "content": "the"}, {"role": "assistant", "content": "cats sat"}]}\n',
  );
  const { json, code } = await run('tokenize', '--model', path.join(folder, 'model'), '--data', data);
  expect(code).toBe(0);
  const [plain, chat] = json.rows as { line: number; ids: number[]; pieces: string[]; assistant?: number[]; text?: string }[];
  expect(plain).toMatchObject({ line: 1, pieces: ['the', '\u0120cats'] });
  expect(chat?.text).toBe('user: the<|endoftext|>assistant: cats sat<|endoftext|>');
  const marked = chat?.pieces.filter((_, index) => chat.assistant?.[index] === 1).join('');
  // the blank before the answer is part of its first token
  expect(marked).toBe('\u0120cats\u0120sat<|endoftext|>');
  expect(json.tokens).toBe((plain?.ids.length ?? 0) + (chat?.ids.length ?? 0));
});

it('reads SentencePiece models, alone and in a folder', async () => {
  mkdirSync(path.join(folder, 'pieces'));
  copyFileSync(path.join(fixtures, 'byte-pairs.model'), path.join(folder, 'pieces', 'tokenizer.model'));
  const given = await run('tokenize', '--model', path.join(folder, 'pieces'), '--text', 'the fox', '--special');
  expect(given.json.pieces).toEqual(['<s>', '\u2581t', 'h', 'e', '\u2581fo', 'x']);
  expect(given.json.offsets).toEqual([
    [0, 0],
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 6],
    [6, 7],
  ]);
});

it('says what is wrong, and where', async () => {
  const model = path.join(folder, 'model');
  const cut = input('cut.model', readFileSync(path.join(fixtures, 'byte-pairs.model')).subarray(0, 900).toString('latin1'));
  const rows = input('broken.jsonl', '{"text": "a"}\n{"prompt": "b"}\n');
  const refused = input('refused.jsonl', '{"messages": [{"role": "user"}]}\n');
  const failures: readonly (readonly [string[], RegExp])[] = [
    [['--model', model, '--tokenizer', tokenizer, '--text', 'a'], /Give either --model or --tokenizer/],
    [['--tokenizer', tokenizer], /Give one of --text, --data and --decode/],
    [['--tokenizer', tokenizer, '--decode', '1,x'], /"x" is no token of/],
    [['--tokenizer', tokenizer, '--decode', '5000'], /"5000" is no token of .*: its ids go from 0 to/],
    [['--model', folder, '--text', 'a'], /holds no tokenizer\.json, tokenizer\.model or tokenizer\.bin/],
    [['--tokenizer', path.join(folder, 'nowhere.json'), '--text', 'a'], /nowhere\.json cannot be read: there is no such file/],
    [['--tokenizer', cut, '--text', 'a'], /cut\.model: the file is cut off|cut\.model: the file is no SentencePiece model/],
    [['--tokenizer', path.join(fixtures, 'words.model'), '--text', 'a'], /the model type is word/],
    [['--model', model, '--data', rows], /broken\.jsonl, line 2: it needs "text"/],
    [['--model', model, '--data', refused], /refused\.jsonl, line 1: The chat template cannot be run on these messages/],
    [['--tokenizer', tokenizer, '--data', refused], /refused\.jsonl, line 1: .* has no chat template/],
  ];
  for (const [args, message] of failures) {
    const failed = await run('tokenize', ...args);
    expect(failed.code, args.join(' ')).toBe(2);
    expect(failureOf(failed)).toMatchObject({ code: 'BAD_INPUT' });
    expect(failureOf(failed).message).toMatch(message);
  }
});
