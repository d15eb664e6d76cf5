import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import { readTrainingData } from '#lib/formats/training-data/read-training-data';
import { loadTokenizer, type Tokenizer } from '#lib/ml/tokenizers/tokenizer';
import { parseTokenizerConfig } from '#lib/ml/tokenizers/tokenizer-config';
import { tokenizerJsonOfFile } from '#lib/ml/tokenizers/tokenizer-files';
import { trainBytePairTokenizer } from '#lib/ml/tokenizers/train-byte-pair';
import { promptOf, sftExamples, trainingPrompts } from '#lib/ml/training/tokenize-examples';
import { labelledAnswers, preferencePairs, rankedPrompts } from '#lib/ml/training/tokenize-preferences';
import { continuation, TextEncoder, tokenizeConfig } from '#lib/ml/training/tokenize-text';

const specialTokens = ['<s>', '</s>', '<|im_start|>', '<|im_end|>'];
const json = trainBytePairTokenizer({ texts: ['assistant user hello there good sum two three'], vocabularySize: 280, specialTokens });
/** As Llama's: the tokenizer itself puts the begin token in front. */
const withBegin = JSON.stringify({
  ...(JSON.parse(json) as object),
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids: [loadTokenizer(json, 'own').bosId], tokens: ['<s>'] } },
  },
});
const tokenizer = loadTokenizer(withBegin, 'own');
const { bosId, eosId } = tokenizer;

const chatMl =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const llama2 =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}" +
  "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}";
const bare = '{% for m in messages %}{{ m.content }}{% endfor %}';
const blocks =
  "{% for m in messages %}{{ m.role + ':\n' }}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}" +
  "{% else %}{{ m.content }}{% endif %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:\n' }}{% endif %}";

function encoder(config: object = {}, template: string | null = chatMl, contextLength = 400): TextEncoder {
  const written = JSON.stringify({ bos_token: '<s>', eos_token: '</s>', chat_template: template });
  return new TextEncoder({
    tokenizer,
    tokenizerConfig: parseTokenizerConfig(written, 'tokenizer_config.json'),
    stopTokenIds: [eosId],
    contextLength,
    config: tokenizeConfig.parse(config),
  });
}

const data = (...rows: object[]) =>
  readTrainingData([{ name: 'f', bytes: Buffer.from(rows.map((row) => JSON.stringify({ split: 'train', ...row })).join('\n')) }]);
const shown = (ids: readonly number[], by: Tokenizer = tokenizer) => by.decode(ids, { skipSpecial: false });
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

/** Tokens with a loss, runs of them as text. */
function learnt(rows: ReturnType<typeof sftExamples>): string[][] {
  return rows.items.map(({ text: { prefix } }) => {
    expect(prefix.weights?.length).toBe(prefix.tokens.length);
    const runs: number[][] = [];
    prefix.tokens.forEach((token, index) => {
      if ((prefix.weights?.[index] ?? 1) === 0) return;
      if (index > 0 && (prefix.weights?.[index - 1] ?? 1) > 0) runs.at(-1)?.push(token);
      else runs.push([token]);
    });
    return runs.map((run) => shown(run));
  });
}

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('plain texts', () => {
  test('a prompt begins with one begin token, its answer ends with one end token, both spell the texts', () => {
    const rows = data({ prompt: 'hello ', completion: 'there', id: 'a' }, { prompt: '<s>hello', completion: ' there</s>', id: 'b' });
    const { items } = preferencePairs(data({ prompt: 'hello ', chosen: 'there', rejected: '' }), encoder());
    expect(items[0]?.prompt).toEqual(tokenizer.encode('hello ', { surroundings: true }));
    expect(items[0]?.prompt[0]).toBe(bosId);
    expect(shown([...(items[0]?.prompt ?? []), ...(items[0]?.chosen ?? [])])).toBe('<s>hello there</s>');
    expect(items[0]?.rejected).toEqual([eosId]);
    for (const { text } of sftExamples(rows, encoder()).items) {
      expect(text.prefix.tokens.filter((id) => id === bosId)).toEqual([bosId]);
      expect(text.prefix.tokens.filter((id) => id === eosId)).toEqual([eosId]);
      expect(shown(text.prefix.tokens)).toBe('<s>hello there</s>');
    }
  });

  test('where a joint token would reach over the seam, the answer is what generation would write', () => {
    // jointly " there" is one token; behind a prompt that ends with a blank only "there" can come
    expect(continuation(tokenizer, 'hello', ' there')).toEqual(tokenizer.encode(' there'));
    expect(continuation(tokenizer, 'hello ', 'there')).toEqual(tokenizer.encode('there'));
    for (const before of ['hello ', 'hel', 'a\n', 'th']) {
      for (const after of ['there', 'lo there', '\n\ngood', ' \u{1f600} sum', 'ere']) {
        expect(shown([...tokenizer.encode(before), ...continuation(tokenizer, before, after)])).toBe(before + after);
      }
    }
  });

  test.each(['byte-pairs.model', 'unigram.model'])('%s puts a blank before every text, but not before an answer', (file) => {
    const bytes = readFileSync(new URL(`../../../fixtures/tokenizers/${file}`, import.meta.url));
    const pieces = loadTokenizer(tokenizerJsonOfFile(bytes, file), file);
    const spelled = (ids: readonly number[]) => ids.map((id) => pieces.pieceOf(id)).join('');
    const whole = pieces.encode('the cat sat on the mat');
    for (const seam of [' cat', ' on', ' mat']) {
      const at = 'the cat sat on the mat'.indexOf(seam);
      const [before, after] = ['the cat sat on the mat'.slice(0, at), 'the cat sat on the mat'.slice(at)];
      const prompt = pieces.encode(before);
      expect(continuation(pieces, before, after), seam).toEqual(whole.slice(prompt.length));
    }
    expect(spelled(continuation(pieces, 'the ', 'cat'))).toBe('cat');
    expect(spelled(pieces.encode('cat'))).toBe('\u2581cat');
    expect(pieces.decode([...pieces.encode('the '), ...continuation(pieces, 'the ', 'cat')])).toBe('the cat');
  });

  test('masks: the completion, or everything; a text is learnt as a whole', () => {
    const rows = data({ prompt: 'two', completion: ' three', task: 'sum' });
    expect(learnt(sftExamples(rows, encoder()))).toEqual([[' three</s>']]);
    expect(learnt(sftExamples(rows, encoder({ mask: 'assistant' })))).toEqual([[' three</s>']]);
    expect(learnt(sftExamples(rows, encoder({ mask: 'everything' })))).toEqual([['<s>two three</s>']]);
    expect(learnt(sftExamples(data({ text: 'two three' }), encoder()))).toEqual([['<s>two three</s>']]);
    expect(sftExamples(rows, encoder()).items[0]).toMatchObject({ exampleId: '1', task: 'sum', split: 'TRAIN' });
    expect([...sftExamples(rows, encoder()).expected]).toEqual([['1', ' three']]);
    const [one] = sftExamples(rows, encoder()).items;
    expect(shown(promptOf(one!)?.tokens ?? [])).toBe('<s>two');
    expect(promptOf(sftExamples(data({ text: 'two' }), encoder()).items[0]!)).toBeNull();
  });
});

describe('conversations', () => {
  const messages = [user('hello'), assistant('there'), user('sum'), assistant('good')];

  test('an answer ends where the template ends a turn, and with the end token where it does not', () => {
    const answerBy = (template: string) => {
      const { items } = preferencePairs(data({ prompt: [user('sum')], chosen: 'two', rejected: 'three' }), encoder({}, template));
      return [shown(items[0]?.prompt ?? []), shown(items[0]?.chosen ?? [])];
    };
    expect(answerBy(chatMl)).toEqual(['<|im_start|>user\nsum<|im_end|>\n<|im_start|>assistant\n', 'two<|im_end|>']);
    expect(answerBy(llama2)).toEqual(['<s>[INST] sum [/INST]', ' two</s>']);
    expect(answerBy(bare)).toEqual(['sum', 'two</s>']);
    expect(answerBy(blocks)).toEqual(['user:\nsum\nassistant:\n', 'two</s>']);
  });

  test('what is learnt: all turns, the last, by weight, everything', () => {
    const both = (template: string) => learnt(sftExamples(data({ messages }), encoder({}, template)))[0];
    expect(both(chatMl)).toEqual(['there<|im_end|>', 'good<|im_end|>']);
    expect(both(llama2)).toEqual([' there</s>', ' good</s>']);
    expect(both(blocks)).toEqual(['there', 'good']);
    expect(learnt(sftExamples(data({ messages }), encoder({ mask: 'completion' })))).toEqual([['good<|im_end|>']]);
    const [everything] = learnt(sftExamples(data({ messages }), encoder({ mask: 'everything' })));
    expect(everything?.[0]).toMatch(/^<\|im_start\|>user\nhello.*good<\|im_end\|>\n$/s);
    const weighted = data({
      messages: [messages[0], { ...assistant('there'), weight: 0 }, messages[2], { ...assistant('good'), weight: 0.5 }],
    });
    expect(learnt(sftExamples(weighted, encoder()))).toEqual([['good<|im_end|>']]);
    const { weights = [] } = sftExamples(weighted, encoder()).items[0]!.text.prefix;
    expect(new Set(weights)).toEqual(new Set([0, 0.5]));
    const wrong = data({ messages: [{ ...user('a'), weight: 1 }, assistant('b')] });
    expect(refusal(() => sftExamples(wrong, encoder())).message).toContain('f, line 1: messages[0] of user has a loss weight');
  });

  test('the turn tokens of a mask are exactly those of the answers, token by token', () => {
    const { prefix } = sftExamples(data({ messages }), encoder()).items[0]!.text;
    const turn = (text: string) => tokenizer.encode(text);
    expect(prefix.tokens).toEqual([
      ...turn('<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n'),
      ...turn('there<|im_end|>'),
      ...turn('\n<|im_start|>user\nsum<|im_end|>\n<|im_start|>assistant\n'),
      ...turn('good<|im_end|>'),
      ...turn('\n'),
    ]);
    const expected = [
      ...turn('<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n').map(() => 0),
      ...turn('there<|im_end|>').map(() => 1),
      ...turn('\n<|im_start|>user\nsum<|im_end|>\n<|im_start|>assistant\n').map(() => 0),
      ...turn('good<|im_end|>').map(() => 1),
      ...turn('\n').map(() => 0),
    ];
    expect(prefix.weights).toEqual(expected);
  });

  test('prompt and answer of messages are the same tokens as the conversation', () => {
    const completion = sftExamples(data({ prompt: messages.slice(0, 3), completion: 'good' }), encoder()).items[0]!;
    const conversation = sftExamples(data({ messages }), encoder()).items[0]!;
    expect(completion.text.prefix.tokens).toEqual(conversation.text.prefix.tokens.slice(0, completion.text.prefix.tokens.length));
    const assistants = sftExamples(data({ prompt: messages.slice(0, 3), completion: 'good' }), encoder({ mask: 'assistant' }));
    expect(learnt(assistants)).toEqual([['there<|im_end|>', 'good<|im_end|>']]);
  });

  test('with `chat`, texts are what a user says and the assistant answers', () => {
    const { items } = preferencePairs(data({ prompt: 'sum', chosen: 'two', rejected: 'three' }), encoder({ chat: true }));
    expect(shown([...(items[0]?.prompt ?? []), ...(items[0]?.chosen ?? [])])).toBe(
      '<|im_start|>user\nsum<|im_end|>\n<|im_start|>assistant\ntwo<|im_end|>',
    );
  });

  test('a model without a template refuses messages, naming the row', () => {
    const error = refusal(() => sftExamples(data({ messages }), encoder({}, null)));
    expect(error).toMatchObject({
      code: 'BAD_INPUT',
      message: 'f, line 1: The model has no chat template.',
      details: { place: 'f, line 1' },
    });
  });
});

describe('preferences', () => {
  const ranking = {
    id: 'r',
    prompt: 'p',
    responses: ['two', 'sum', 'three'],
    ranks: [2, 1, 2],
    annotator: 'ann',
    strength: 2,
    weight: 0.5,
  };

  test('rankings keep what was said; pairs become rankings of two', () => {
    expect(rankedPrompts(data(ranking), encoder()).items).toMatchObject([
      {
        split: 'TRAIN',
        responses: [{ responseId: 'r/1' }, { responseId: 'r/2' }, { responseId: 'r/3' }],
        rankings: [{ annotatorId: 'ann', ranks: [2, 1, 2], strength: 2, weight: 0.5 }],
      },
    ]);
    expect(rankedPrompts(data({ prompt: 'p', chosen: 'a', rejected: 'b', margin: 3 }), encoder()).items).toMatchObject([
      { rankings: [{ annotatorId: null, ranks: [1, 2], strength: 3, weight: 1 }] },
    ]);
  });

  test('the pairs of a ranking weigh as much as one ranking; ties are counted', () => {
    const full = preferencePairs(data({ ...ranking, ranks: [3, 1, 2], weight: 1 }), encoder());
    expect(full.items.map(({ chosen, pairId, rejected, weight }) => [pairId, shown(chosen), shown(rejected), weight])).toEqual([
      ['r/1/2>1', 'sum</s>', 'two</s>', 1 / 3],
      ['r/1/3>1', 'three</s>', 'two</s>', 1 / 3],
      ['r/1/2>3', 'sum</s>', 'three</s>', 1 / 3],
    ]);
    const tied = preferencePairs(data(ranking), encoder());
    expect(tied.items.map(({ margin, pairId, weight }) => [pairId, weight, margin])).toEqual([
      ['r/1/2>1', 0.25, 2],
      ['r/1/2>3', 0.25, 2],
    ]);
    expect(tied.notes.map(({ count, kind }) => [kind, count])).toEqual([['ties-without-pair', 1]]);
  });

  test('labels, and labels of rankings with the weight of the pairs they win and lose', () => {
    const rows = data({ prompt: 'p', completion: 'two', label: false, id: 7 });
    expect(labelledAnswers(rows, encoder()).items).toMatchObject([{ answerId: '7', desirable: false, weight: 1 }]);
    const parted = labelledAnswers(data({ ...ranking, ranks: [3, 1, 2], weight: 1 }), encoder()).items;
    expect(parted.map(({ answer, desirable, weight }) => [shown(answer), desirable, Math.round(weight * 3)])).toEqual([
      ['sum</s>', true, 2],
      ['two</s>', false, 2],
      ['three</s>', true, 1],
      ['three</s>', false, 1],
    ]);
  });

  test('what supervised fine-tuning takes from preferences, and prompts from all', () => {
    expect(learnt(sftExamples(data({ prompt: 'p', chosen: 'two', rejected: 'sum' }), encoder()))).toEqual([['two</s>']]);
    expect(learnt(sftExamples(data(ranking), encoder()))).toEqual([['sum</s>']]);
    expect(refusal(() => rankedPrompts(data({ text: 'a' }), encoder())).message).toBe(
      'The data is of the form "text", which holds no rankings.',
    );
    expect(refusal(() => sftExamples(data({ prompt: 'a' }), encoder())).message).toContain('holds no answers');
    const prompts = trainingPrompts(data({ id: 'x', prompt: '2+3', answer: 5 }, { id: 'y', prompt: '1+1' }), encoder(), {
      maxNewTokens: 4,
    });
    expect(prompts.items.map(({ promptId, split, tokens }) => [promptId, split, shown(tokens)])).toEqual([
      ['x', 'TRAIN', '<s>2+3'],
      ['y', 'TRAIN', '<s>1+1'],
    ]);
    expect([...prompts.expected]).toEqual([['x', '5']]);
    expect(
      trainingPrompts(data(ranking, { ...ranking, id: 's', responses: ['a', 'b', 'c'] }), encoder(), { maxNewTokens: 4 }).items.length,
    ).toBe(1);
  });
});

describe('rows that are too long', () => {
  const rows = data(
    { prompt: `${'x'.repeat(30)}!?`, chosen: 'two', rejected: 'y'.repeat(20) },
    { prompt: 'x', chosen: 'a', rejected: 'b' },
  );

  test('are refused with both lengths', () => {
    const error = refusal(() => preferencePairs(rows, encoder({ maxLength: 40 })));
    expect(error.details).toMatchObject({ check: 'fits-context', rows: 1 });
    expect(error.message).toContain('f, line 1: the prompt has 33 tokens and its longest answer 21; together at most 40 are read');
  });

  test('lose the beginning of their prompt, not the begin token, and are counted', () => {
    const { items, notes } = preferencePairs(rows, encoder({ maxLength: 40, overlong: 'cut-prompt' }));
    expect(items[0]?.prompt.length).toBe(19);
    expect(shown(items[0]?.prompt ?? [])).toBe(`<s>${'x'.repeat(16)}!?`);
    expect(notes).toMatchObject([{ kind: 'cut-prompt', count: 1, examples: ['f, line 1'] }]);
    expect(refusal(() => preferencePairs(rows, encoder({ maxLength: 21, overlong: 'cut-prompt' }))).message).toContain(
      'nothing of the prompt',
    );
    const chat = data({ prompt: [user('x'.repeat(40))], chosen: 'a', rejected: 'b' });
    expect(refusal(() => preferencePairs(chat, encoder({ maxLength: 40, overlong: 'cut-prompt' }))).message).toContain(
      'a conversation cannot be cut',
    );
  });

  test('are left out and counted, but not all of them', () => {
    const { items, notes } = rankedPrompts(rows, encoder({ maxLength: 40, overlong: 'leave-out' }));
    expect(items.length).toBe(1);
    expect(notes).toMatchObject([{ kind: 'left-out-overlong', count: 1 }]);
    expect(refusal(() => rankedPrompts(rows, encoder({ maxLength: 2, overlong: 'leave-out' }))).details).toEqual({ check: 'rows-left' });
    const text = data({ text: 'x'.repeat(50) }, { text: 'x' });
    expect(sftExamples(text, encoder({ overlong: 'leave-out' }, chatMl, 40)).items.length).toBe(1);
    expect(refusal(() => sftExamples(text, encoder({}, chatMl, 40))).message).toContain('f, line 1: it has 52 tokens; at most 40 are read');
  });
});
