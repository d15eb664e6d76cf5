import { describe, expect, test } from 'vitest';
import { AppError } from '#lib/errors';
import type { ChatMessage, ChatRendering } from '#lib/ml/tokenizers/chat-template';
import { tokenizeChat } from '#lib/ml/tokenizers/tokenize-chat';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { trainBytePairTokenizer } from '#lib/ml/tokenizers/train-byte-pair';

const specialTokens = ['<s>', '</s>', '<|im_start|>', '<|im_end|>'];
const json = trainBytePairTokenizer({ texts: ['assistant user hello there good'], vocabularySize: 280, specialTokens });
const tokenizer = loadTokenizer(json, 'own');

const conversation: readonly ChatMessage[] = [
  { role: 'system', content: 'be good' },
  { role: 'user', content: 'hello' },
  { role: 'assistant', content: 'hi there' },
  { role: 'user', content: 'so?' },
  { role: 'assistant', content: ' good \ud83d\ude00' },
];

const chatMl =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** The texts that the mask marks, one a run; special tokens shown. */
function marked(change: Partial<ChatRendering>): string[] {
  const { ids, assistantMask } = tokenizeChat({ tokenizer, template: chatMl, messages: conversation, eosToken: '<|im_end|>', ...change });
  expect(assistantMask.length).toBe(ids.length);
  const runs: number[][] = [];
  assistantMask.forEach((mine, index) => {
    if (!mine) return;
    if (assistantMask[index - 1]) runs.at(-1)!.push(ids[index]!);
    else runs.push([ids[index]!]);
  });
  return runs.map((run) => tokenizer.decode(run, { skipSpecial: false }));
}

function failure(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  }
  throw new Error('nothing was thrown');
}

describe('loss mask of a conversation', () => {
  test('each assistant turn with its end token, nothing else', () => {
    expect(marked({})).toEqual(['hi there<|im_end|>', ' good \ud83d\ude00<|im_end|>']);
    const { ids } = tokenizeChat({ tokenizer, template: chatMl, messages: conversation.slice(0, 3) });
    expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(
      '<|im_start|>system\nbe good<|im_end|>\n<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nhi there<|im_end|>\n',
    );
  });

  test('a conversation that ends with a question has its earlier answers marked', () => {
    expect(marked({ messages: conversation.slice(0, 4) })).toEqual(['hi there<|im_end|>']);
    expect(marked({ messages: conversation.slice(0, 2) })).toEqual([]);
  });

  test('BOS is written once, by the template', () => {
    const { ids, assistantMask } = tokenizeChat({
      tokenizer,
      template: "{{ bos_token }}{% for m in messages %}{{ m.content + (eos_token if m.role == 'assistant' else '>') }}{% endfor %}",
      messages: conversation.slice(1, 3),
      bosToken: '<s>',
      eosToken: '</s>',
    });
    expect(ids.filter((id) => id === tokenizer.bosId).length).toBe(1);
    expect(ids[0]).toBe(0);
    expect(assistantMask[0]).toBe(false);
    expect(ids.at(-1)).toBe(1);
    expect(assistantMask.at(-1)).toBe(true);
  });

  test('generation blocks say it themselves', () => {
    const template =
      '{% for m in messages %}{% if m.role == "assistant" %}[A]{% generation %}{{ m.content }}!{% endgeneration %}\n{% else %}[{{ m.role }}]{{ m.content }}\n{% endif %}{% endfor %}';
    expect(marked({ template })).toEqual(['hi there!', ' good \ud83d\ude00!']);
    const { ids } = tokenizeChat({ tokenizer, template, messages: conversation.slice(1, 3) });
    expect(tokenizer.decode(ids)).toBe('[user]hello\n[A]hi there!');
    // earlier turns without their thoughts: blocks know what belongs to whom
    const thoughts =
      '{% for m in messages %}{% if m.role == "assistant" %}{%- generation -%}{{ m.content if loop.last else "..." }}{%- endgeneration -%}{% else %}[{{ m.content }}]{% endif %}{% endfor %}';
    expect(marked({ template: thoughts })).toEqual(['...', ' good \ud83d\ude00']);
  });

  test('a template that shortens earlier turns is refused with the turn', () => {
    const template = chatMl.replace('m.content', "(m.content if loop.last or m.role != 'assistant' else m.content.split('</think>')[-1])");
    const messages: ChatMessage[] = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: '<think>hm</think>hi' },
      { role: 'user', content: 'so?' },
      { role: 'assistant', content: '<think>ok</think>good' },
    ];
    const error = failure(() => marked({ template, messages }));
    expect(error).toMatchObject({ code: 'BAD_INPUT', details: { turn: 2 } });
    expect(error.message).toMatch(/^Turn 2 \(assistant\): the chat template writes it otherwise when the conversation goes on/);
    // the last turn alone is stable
    expect(marked({ template, messages: messages.slice(0, 2) })).toEqual(['<think>hm</think>hi<|im_end|>']);
  });

  test('a template that always begins the next answer is refused with the turn', () => {
    const template = chatMl.replace('{% if add_generation_prompt %}', '').replace('{% endif %}', '');
    expect(failure(() => marked({ template, messages: conversation.slice(1, 3) })).message).toMatch(
      /^Turn 2 \(assistant\): the chat template puts something behind it that is not there when the conversation goes on/,
    );
    expect(failure(() => marked({ template })).message).toMatch(/^Turn 3 \(assistant\): the chat template writes it otherwise/);
  });

  test('a template that begins answers otherwise than it writes them is refused with the turn', () => {
    const template = chatMl.replace("assistant\n' }}{% endif", "assistant\n<think>\n' }}{% endif");
    expect(failure(() => marked({ template })).message).toMatch(
      /^Turn 3 \(assistant\): it does not continue what the chat template puts before an answer \("<think>\\n"/,
    );
  });

  test('an end token that closes only the whole text is no part of earlier turns', () => {
    const template = chatMl.replace('{% if add_generation_prompt %}', '{% if not add_generation_prompt %}{{ eos_token }}{% else %}');
    expect(marked({ template, eosToken: '</s>' })).toEqual(['hi there<|im_end|>', ' good \ud83d\ude00<|im_end|>\n</s>']);
  });
});
