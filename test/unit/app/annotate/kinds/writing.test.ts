import { describe, expect, it } from 'vitest';
import { parseAnnotationContent } from '#lib/domain/annotation-content';
import { defaultForm, type FormSpec, findPart } from '#lib/domain/forms';
import { type ChatAction, chatModel, type Heard } from '../../../../../app/p/[project]/annotate/_kinds/chat/answer';
import { type CorrectionAction, correctionModel, countChanges } from '../../../../../app/p/[project]/annotate/_kinds/correction/answer';
import { demonstrationModel } from '../../../../../app/p/[project]/annotate/_kinds/demonstration/answer';
import { contextFor } from './context';

const at = { answer: 0, item: 0 };

describe('a demonstration', () => {
  const part = { type: 'demonstration' as const, minCharacters: 3, maxCharacters: 5, suggestions: false };
  const context = contextFor({ kind: 'DEMONSTRATION', parts: [part] }, part, []);
  const missing = (text: string) => demonstrationModel.missing({ text }, context)?.title;

  it('counts code points, and refuses blanks and what cannot be kept', () => {
    expect(missing(' \n ')?.key).toBe('writing.why.empty');
    expect(missing('😀😀')).toEqual({ key: 'writing.why.short', values: { count: 1 } });
    expect(missing('😀😀😀😀😀')).toBeUndefined();
    expect(missing('😀😀😀😀😀😀😀')).toEqual({ key: 'writing.why.long', values: { count: 2 } });
    expect(missing('ab\0c')).toEqual({ key: 'writing.why.character', values: { at: 3 } });
  });

  it('comes back from its draft, and is what the server takes', () => {
    const { state } = demonstrationModel.reduce(
      { state: demonstrationModel.open(context, null), at },
      { type: 'write', text: 'a\r\nb' },
      context,
    );
    expect(demonstrationModel.open(context, demonstrationModel.draft(state, context))).toEqual(state);
    expect(
      parseAnnotationContent({ kind: 'DEMONSTRATION', parts: [part] }, { responses: [] }, demonstrationModel.content(state, context)),
    ).toEqual({ text: 'a\r\nb' });
    expect(demonstrationModel.open(context, { text: 7 })).toEqual({ text: '' });
  });
});

describe('a correction', () => {
  const form = defaultForm('CORRECTION');
  const part = findPart(form, 'correction');
  if (part === undefined) throw new Error('no part');
  const responses = [{ id: 'r1', text: 'The cat sat.\r\n猫 😀' }];
  const context = contextFor(form, part, responses);
  const run = (...actions: CorrectionAction[]) =>
    actions.reduce((scope, action) => correctionModel.reduce(scope, action, context), { state: correctionModel.open(context, null), at })
      .state;
  const taken = (...actions: CorrectionAction[]) =>
    parseAnnotationContent(form, { responses }, correctionModel.content(run(...actions), context)).correction;

  it('begins as the answer, and nothing changed has to be said', () => {
    expect(run().text).toBe(responses[0]?.text);
    expect(correctionModel.missing(run(), context)?.title.key).toBe('writing.why.unchanged');
    expect(correctionModel.missing(run({ type: 'right' }), context)).toBeNull();
    expect(correctionModel.missing(run({ type: 'right' }, { type: 'right' }), context)).not.toBeNull();
    expect(taken({ type: 'right' })).toMatchObject({ text: responses[0]?.text, changes: [[0, responses[0]?.text]] });
  });

  it('is a text with its differences; a change takes back that it was right', () => {
    const text = 'The dog sat.\r\n猫 😀';
    expect(taken({ type: 'right' }, { type: 'write', text })).toMatchObject({
      text,
      changes: expect.arrayContaining([
        [-1, 'cat'],
        [1, 'dog'],
      ]),
    });
    expect(countChanges('The cat sat on it.', 'The dog sat by it.')).toBe(2);
    expect(run({ type: 'write', text: text.replaceAll('\r', '') }).text).toBe(text);
    expect(run({ type: 'write', text: 'The cat sat.\n猫 😀' }).text).toBe(responses[0]?.text);
    expect(run({ type: 'write', text }, { type: 'right' })).toEqual({ text, right: false });
    expect(run({ type: 'write', text }, { type: 'back' })).toEqual({ text: responses[0]?.text, right: false });
    expect(correctionModel.missing(run({ type: 'write', text: ' ' }), context)?.title.key).toBe('writing.why.empty');
    const state = run({ type: 'write', text });
    expect(correctionModel.open(context, correctionModel.draft(state, context))).toEqual(state);
  });
});

describe('a conversation', () => {
  const base = defaultForm('CHAT');
  const given = findPart(base, 'chat');
  if (given === undefined) throw new Error('no part');
  const setUp = (change: Partial<typeof given>) => {
    const part = { ...given, ...change };
    const form: FormSpec = { kind: 'CHAT', parts: [part] };
    const context = contextFor(form, part, []);
    const run = (...actions: ChatAction[]) =>
      actions.reduce((scope, action) => chatModel.reduce(scope, action, context), { state: chatModel.open(context, null), at });
    return { form, context, run };
  };
  const heard = (change: Partial<Heard> = {}): ChatAction => ({
    type: 'hear',
    heard: { sessionId: 's1', turns: 1, replying: false, comparable: true, ...change },
  });
  const digit = (value: number) => ({ type: 'digit', digit: value }) as const;

  it('cannot be judged before both have answered, nor while they write', () => {
    const { context, run } = setUp({});
    const choose: ChatAction = { type: 'choose', choice: -2 };
    expect(run(choose).state.choice).toBeNull();
    expect(chatModel.key(digit(1), run(), context)).toBeNull();
    expect(run(heard({ comparable: false }), choose).state.choice).toBeNull();
    expect(run(heard({ replying: true }), choose).state.choice).toBeNull();
    expect(run(heard(), choose).state.choice).toBe(-2);
    const titles = [run(), run(heard({ replying: true })), run(heard({ comparable: false })), run(heard())];
    expect(titles.map(({ state }) => chatModel.missing(state, context)?.title.key)).toEqual([
      'writing.why.talk',
      'writing.why.replying',
      'writing.why.noPair',
      'writing.why.choose',
    ]);
    expect(chatModel.missing(run(heard(), choose).state, context)).toBeNull();
  });

  it('asks anew after another turn, and in another conversation', () => {
    const { context, run } = setUp({});
    const chosen = [heard(), { type: 'choose', choice: 3 } as const];
    expect(run(...chosen, heard()).state.choice).toBe(3);
    expect(run(...chosen, heard({ turns: 2 })).state.choice).toBeNull();
    expect(run(...chosen, heard({ sessionId: 's2' })).state.choice).toBeNull();
    const kept = chatModel.draft(run(...chosen, { type: 'write', text: 'next' }).state, context);
    const opened = chatModel.open(context, kept);
    expect(opened).toMatchObject({ text: 'next', choice: 3 });
    expect(chatModel.reduce({ state: opened, at }, heard(), context).state.choice).toBe(3);
    expect(chatModel.reduce({ state: opened, at }, heard({ sessionId: 's2' }), context).state.choice).toBeNull();
  });

  it('has the scale of its form, and is what the server takes', () => {
    const chat = { turns: [{ text: 'hi', a: 'x', b: 'y' }] };
    const judged = (change: Partial<typeof given>, key: number) => {
      const { form, context, run } = setUp(change);
      const scope = run(heard());
      const action = chatModel.key(digit(key), scope, context);
      if (action === null) return null;
      const { state } = chatModel.reduce(scope, action, context);
      const { chat: _, ...rest } = parseAnnotationContent(form, { responses: [] }, { ...chatModel.content(state, context), chat });
      return rest;
    };
    expect(judged({}, 1)).toMatchObject({ ranks: { A: 1, B: 2 }, strength: 3 });
    expect(judged({}, 4)).toMatchObject({ ranks: { A: 1, B: 1 } });
    expect(judged({}, 5)).toMatchObject({ ranks: { A: 2, B: 1 }, strength: 1 });
    expect(judged({}, 0)).toMatchObject({ bothBad: true });
    expect(judged({ bothBad: false }, 0)).toBeNull();
    expect(judged({ strength: false }, 3)).toEqual({ ranks: { A: 2, B: 1 }, aside: [] });
    expect(judged({ strength: false, tie: false }, 2)).toEqual({ ranks: { A: 2, B: 1 }, aside: [] });
    expect(judged({ strength: false, tie: false }, 3)).toBeNull();
    expect(judged({}, 8)).toBeNull();
  });
});
