import { describe, expect, test } from 'vitest';
import { AnswerText } from '#lib/ml/generation/answer-text';
import { StopStrings } from '#lib/ml/generation/stop-strings';
import { loadTokenizer } from '#lib/ml/tokenizers/tokenizer';
import { tinyLlama } from '../../../support/tiny-llama';

const tokenizer = loadTokenizer(tinyLlama().tokenizerJson, 'tiny');
/** The pieces that stand for the bytes of a text. */
const bytesOf = (text: string) => Array.from(new TextEncoder().encode(text), (byte) => 3 + byte);

function write(prompt: readonly number[], ids: readonly number[]): string[] {
  const text = new AnswerText(tokenizer, prompt);
  return [...ids.map((id) => text.push(id)), text.end()];
}

describe('the text of an answer', () => {
  test('pieces joined are the text of prompt and answer together less that of the prompt', () => {
    const prompt = tokenizer.encode('the cat', { bos: true });
    const ids = tokenizer.encode(' the cat sat. the hat', {});
    const pieces = write(prompt, ids);
    expect(pieces.join('')).toBe(tokenizer.decode([...prompt, ...ids]).slice(tokenizer.decode(prompt).length));
    expect(pieces.join('')).toContain(' sat.');
    // an answer to nothing but the begin token has no blank before it
    const alone = tokenizer.encode('the cat', {});
    expect(write([1], alone).join('')).toBe(tokenizer.decode(alone));
  });

  test('never cuts inside a character, whichever tokens its bytes are', () => {
    const ids = [...bytesOf('é'), ...tokenizer.encode('cat', {}), ...bytesOf('中文🙂'), ...bytesOf('a')];
    const pieces = write([1], ids);
    expect(pieces.join('')).toBe(tokenizer.decode(ids));
    expect(pieces.join('')).toContain('中文🙂a');
    expect(pieces.filter((piece) => piece.includes('🙂'))).toEqual(['🙂']);
    for (const piece of pieces) expect(piece).not.toMatch(/[\ud800-\udbff]$|^[\udc00-\udfff]|\ufffd/);
    // given out with the last byte, not later
    expect(pieces[1]).toBe('é');
  });

  test('a character without its end is told when the answer is over', () => {
    const ids = [...tokenizer.encode('cat', {}), ...bytesOf('中').slice(0, 2)];
    const pieces = write([1], ids);
    expect(pieces.slice(-3)).toEqual(['', '', '\ufffd\ufffd']);
  });
});

describe('stop strings', () => {
  const read = (stops: readonly string[], pieces: readonly string[], include = false) => {
    const watcher = new StopStrings(stops, include);
    let text = '';
    for (const [index, piece] of pieces.entries()) {
      const result = watcher.push(piece);
      text += result.text;
      if (result.stopped) return { text, at: index };
    }
    return { text: text + watcher.end(), at: -1 };
  };

  test('are found across the borders of pieces; the text ends before or after', () => {
    const pieces = ['Hello\n', '\nUs', 'er', ': hi'];
    expect(read(['\n\nUser:'], pieces)).toEqual({ text: 'Hello', at: 3 });
    expect(read(['\n\nUser:'], pieces, true)).toEqual({ text: 'Hello\n\nUser:', at: 3 });
    expect(read(['nothing'], pieces)).toEqual({ text: 'Hello\n\nUser: hi', at: -1 });
  });

  test('what may be the beginning of one is held back, and given when it is not', () => {
    const watcher = new StopStrings(['abcd', 'cx'], false);
    expect(watcher.push('zzab')).toEqual({ text: 'zz', stopped: false });
    expect(watcher.push('c')).toEqual({ text: '', stopped: false });
    expect(watcher.push('e')).toEqual({ text: 'abce', stopped: false });
    expect(watcher.push('abc')).toEqual({ text: '', stopped: false });
    expect(watcher.push('x')).toEqual({ text: 'ab', stopped: true });
    expect(new StopStrings(['aab'], false).push('aaab')).toEqual({ text: 'a', stopped: true });
  });

  test('the first in the text counts, of two at one place the longer', () => {
    expect(read(['b', 'ab'], ['xxab'], true)).toEqual({ text: 'xxab', at: 0 });
    expect(read(['a', 'ab'], ['xxabc'], true)).toEqual({ text: 'xxab', at: 0 });
    expect(read(['c', 'b'], ['abc'], false)).toEqual({ text: 'a', at: 0 });
  });
});
