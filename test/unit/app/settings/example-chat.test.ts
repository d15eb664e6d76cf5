import { describe, expect, it } from 'vitest';
import { defaultForm } from '#lib/domain/forms';
import { exampleChat } from '../../../../app/p/[project]/(pages)/settings/form/_state/example-chat';

describe('the conversation of a preview', () => {
  it('has begun, goes on where somebody writes, and ends with the last turn of the form', async () => {
    const form = defaultForm('CHAT');
    const spec = { ...form, parts: form.parts.map((part) => (part.type === 'chat' ? { ...part, maxTurns: 2 } : part)) };
    const chat = exampleChat(spec, 'Why?', ['one', 'two', 'three']);
    expect(await chat.view('example')).toEqual({
      sessionId: 'example',
      maxTurns: 2,
      turns: [{ ordinal: 1, text: 'Why?', replies: { a: { text: 'three' }, b: { text: 'two' } } }],
    });
    const { turns } = await chat.send({ assignmentId: 'example', ordinal: 2, text: 'And now?' });
    expect(turns.map(({ text }) => text)).toEqual(['Why?', 'And now?']);
    expect((await chat.send({ assignmentId: 'example', ordinal: 3, text: 'More' })).turns).toHaveLength(2);
    expect((await chat.retry('example')).turns).toHaveLength(2);
  });
});
