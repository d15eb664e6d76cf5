import { describe, expect, it } from 'vitest';
import { defaultPart } from '#lib/domain/default-parts';
import { defaultForm, type FormPart, type FormSpec, taskKinds } from '#lib/domain/forms';
import english from '../../../../app/_messages/en/annotate.json';
import chinese from '../../../../app/_messages/zh-CN/annotate.json';
import { wordedForm } from '../../../../app/p/[project]/_lib/worded-form';

/** The message at a path; a missing one is an error, as it is on the page. */
function wordsOf(messages: { defaults: unknown }) {
  return (path: string) => {
    const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], messages.defaults);
    if (typeof found !== 'string') throw new Error(`no message ${path}`);
    return found;
  };
}

const inEnglish = wordsOf(english);
const inChinese = wordsOf(chinese);
const everyPart: FormPart[] = [...taskKinds.map((kind) => defaultForm(kind).parts[0] as FormPart), defaultPart('note')];

describe('a form in the language of its reader', () => {
  it('says in English what new forms say', () => {
    expect(wordedForm({ parts: everyPart }, inEnglish).parts).toEqual(everyPart);
  });

  it('has a Chinese word for every default', () => {
    const text = JSON.stringify(wordedForm({ parts: everyPart }, inChinese).parts, (key, value) =>
      ['key', 'type', 'of'].includes(key) ? undefined : value,
    );
    expect(text.match(/"[a-z][^"]*[a-z ][^"]*"(?!:)/gi)).toBeNull();
    expect(text).toContain('总体质量');
  });

  it('leaves what a project wrote, word by word', () => {
    const form: FormSpec = {
      kind: 'FLAGS',
      parts: [
        {
          type: 'flags',
          of: 'responses',
          flags: [
            { key: 'opinion', label: 'Has a view', help: 'Its own view, where several are held.' },
            { key: 'ours', label: 'States an opinion', help: '' },
          ],
        },
      ],
    };
    expect(wordedForm(form, inChinese).parts[0]).toMatchObject({
      flags: [
        { key: 'opinion', label: 'Has a view', help: '在看法不一的问题上表明自己的看法。' },
        { key: 'ours', label: 'States an opinion', help: '' },
      ],
    });
  });
});
