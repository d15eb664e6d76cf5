import { describe, expect, it } from 'vitest';
import { comparisonOf, parseAnnotationContent } from '#lib/domain/annotation-content';
import { hashJson } from '#lib/domain/canonical-json';
import { defaultPart } from '#lib/domain/default-parts';
import { defaultForm, type FormSpec, parseFormSpec, rankingForm, type TaskKind } from '#lib/domain/forms';
import type { AppError } from '#lib/errors';

const responses = [
  { id: 'r1', text: 'The 🙂 cat sat.' },
  { id: 'r2', text: 'שלום cafe\u0301!' },
];

const withParts = (kind: TaskKind, ...parts: unknown[]): FormSpec => parseFormSpec({ kind, parts });
const parse = (form: FormSpec, value: unknown, shown = responses) => {
  const content = parseAnnotationContent(form, { responses: shown }, value);
  expect(parseAnnotationContent(form, { responses: shown }, JSON.parse(JSON.stringify(content)))).toEqual(content);
  return content;
};

/** What the refusal says it is about. */
function refusal(form: FormSpec, value: unknown, shown = responses): unknown {
  try {
    parseAnnotationContent(form, { responses: shown }, value);
  } catch (error) {
    const { code, details, message } = error as AppError;
    expect(code).toBe('BAD_INPUT');
    expect(JSON.stringify([details, message]).length).toBeLessThan(2000);
    return details['field'] ?? details['missing'] ?? message;
  }
  return 'accepted';
}

const ranking = defaultForm('RANKING');
const order = { ranks: { r1: 1, r2: 2 } };

describe('RANKING', () => {
  it('keeps the content and the hash of the first release', () => {
    const content = parse(parseFormSpec(rankingForm), { ranks: { r2: 1, r1: 1 } }, responses);
    expect(content).toEqual({ ranks: { r1: 1, r2: 1 }, aside: [] });
    expect(hashJson({ content, kind: 'RANKING', schemaVersion: 1 })).toBe(
      '6c0a39c57db65e145f3408611f2f0d85b1e6c2f0e2cb7cf6d1aabb918d33a62a',
    );
    expect(comparisonOf(content)).toEqual({ ranks: { r1: 1, r2: 1 }, aside: [] });
    expect(parse(ranking, { ranks: { r1: 1 }, aside: ['r2'] })).toEqual({ ranks: { r1: 1 }, aside: ['r2'] });
  });

  it.each([
    ['nothing', {}, ''],
    ['no object', [], 'answer'],
    ['null', null, 'answer'],
    ['a missing answer', { ranks: { r1: 1 } }, ['r2']],
    ['a field of another part', { ...order, text: 'x' }, 'answer'],
    ['a strength', { ...order, strength: 1 }, 'answer'],
    ['__proto__', JSON.parse('{"ranks":{"r1":1,"r2":2},"__proto__":{"text":"x"}}'), 'answer'],
    ['ranks of __proto__', JSON.parse('{"ranks":{"r1":1,"__proto__":2}}'), ['r2']],
    ['NaN', { ranks: { r1: 1, r2: Number.NaN } }, 'ranks.r2'],
    ['a megabyte of a key', { ...order, ['x'.repeat(1_000_000)]: 1 }, 'answer'],
  ])('refuses %s', (_, value, about) => {
    const said = refusal(ranking, value);
    if (about === '') expect(said).not.toBe('accepted');
    else expect(said).toEqual(about);
  });

  it('refuses ties and answers set aside where the form has none', () => {
    const strict = withParts('RANKING', { type: 'ranking', ties: false, aside: false });
    expect(parse(strict, order)).toEqual({ ...order, aside: [] });
    expect(refusal(strict, { ranks: { r1: 1, r2: 1 } })).toBe('ranks');
    expect(refusal(strict, { ranks: { r1: 1 }, aside: ['r2'] })).toBe('aside');
  });
});

describe('PAIRWISE and CHAT', () => {
  const pairwise = defaultForm('PAIRWISE');
  const plain = withParts('PAIRWISE', { type: 'pairwise', strength: false, tie: false, bothBad: false });

  it('keeps the choice with its strength, a tie, and that both are bad', () => {
    expect(parse(pairwise, { ...order, strength: 3 })).toEqual({ ...order, aside: [], strength: 3 });
    expect(parse(pairwise, { ranks: { r1: 1, r2: 1 } })).toEqual({ ranks: { r1: 1, r2: 1 }, aside: [] });
    const bad = parse(pairwise, { bothBad: true });
    expect(bad).toEqual({ ranks: { r1: 1, r2: 1 }, aside: [], bothBad: true });
    expect(comparisonOf(bad)).toEqual(bad);
    expect(comparisonOf(parse(pairwise, { ...order, strength: 2 }))?.strength).toBe(2);
    expect(parse(plain, order)).toEqual({ ...order, aside: [] });
  });

  it.each([
    ['a choice without its strength', pairwise, order, 'strength'],
    ['strength 4', pairwise, { ...order, strength: 4 }, 'strength'],
    ['strength NaN', pairwise, { ...order, strength: Number.NaN }, 'strength'],
    ['a tie with a strength', pairwise, { ranks: { r1: 1, r2: 1 }, strength: 1 }, 'strength'],
    ['both bad with a strength', pairwise, { bothBad: true, strength: 1 }, 'strength'],
    ['both bad with an order', pairwise, { bothBad: true, ...order }, 'ranks'],
    ['bothBad false', pairwise, { ...order, strength: 1, bothBad: false }, 'bothBad'],
    ['one set aside', pairwise, { ranks: { r1: 1 }, aside: ['r2'], strength: 1 }, 'aside'],
    ['a strength that is not asked', plain, { ...order, strength: 1 }, 'strength'],
    ['a tie that is not asked', plain, { ranks: { r1: 1, r2: 1 } }, 'ranks'],
    ['both bad that is not asked', plain, { bothBad: true }, 'bothBad'],
  ])('refuses %s', (_, form, value, about) => {
    expect(refusal(form, value)).toBe(about);
  });

  it('compares two answers, not three', () => {
    expect(refusal(pairwise, order, [...responses, { id: 'r3', text: '' }])).toBe('ranks');
  });

  it('names the sides of a conversation A and B', () => {
    const chat = withParts('CHAT', ...defaultForm('CHAT').parts, defaultPart('flags'));
    const transcript = { turns: [{ text: 'Hi', a: 'Hello', b: '' }] };
    expect(parse(chat, { ranks: { A: 2, B: 1 }, strength: 1, flags: { B: ['sexual'] }, chat: transcript }, [])).toEqual({
      ranks: { A: 2, B: 1 },
      chat: transcript,
      aside: [],
      strength: 1,
      flags: { A: [], B: ['sexual'] },
    });
    expect(refusal(chat, { ...order, strength: 1, chat: transcript }, responses)).toEqual(['A', 'B']);
    const vote = { ranks: { A: 2, B: 1 }, strength: 1 };
    expect(refusal(chat, vote, [])).toBe('chat');
    expect(refusal(chat, { ...vote, chat: { turns: [] } }, [])).toBe('chat.turns');
    expect(refusal(chat, { ...vote, chat: { turns: [{ text: 'Hi', a: 'Hello', b: null }] } }, [])).toBe('chat.turns');
    expect(refusal(chat, { ...vote, chat: { turns: Array(6).fill(transcript.turns[0]) } }, [])).toBe('chat.turns');
    expect(refusal(chat, { ...vote, chat: { turns: [{ text: 'x'.repeat(4001), a: '', b: '' }] } }, [])).toBe('chat.turns.0.text');
    expect(refusal(chat, { ...vote, chat: { turns: [{ text: 'Hi', a: 'x\0', b: '' }] } }, [])).toBe('chat.turns.0.a');
  });
});

describe('RATING', () => {
  const attribute = { key: 'q', label: 'Quality', min: -1, max: 5 };
  const form = withParts('RATING', {
    type: 'rating',
    of: 'responses',
    attributes: [attribute, { ...attribute, key: 'x', required: false }],
  });

  it('keeps whole numbers of every answer; what is not required may be left out', () => {
    expect(parse(form, { ratings: { r2: { q: -0 }, r1: { q: 5, x: -1 } } })).toEqual({ ratings: { r1: { q: 5, x: -1 }, r2: { q: 0 } } });
    expect(comparisonOf(parse(form, { ratings: { r1: { q: 1 }, r2: { q: 1 } } }))).toBeNull();
    const ofTask = withParts('RATING', { type: 'rating', of: 'task', attributes: [attribute] });
    expect(parse(ofTask, { ratings: { task: { q: 1 } } })).toEqual({ ratings: { task: { q: 1 } } });
    expect(refusal(ofTask, { ratings: { r1: { q: 1 } } })).toBe('ratings');
  });

  it.each<[string, unknown, string]>([
    ['nothing', {}, 'ratings'],
    ['an answer left out', { r1: { q: 1 } }, 'ratings'],
    ['one beyond the scale', { r1: { q: 6 }, r2: { q: 1 } }, 'ratings.r1.q'],
    ['half a point', { r1: { q: 1.5 }, r2: { q: 1 } }, 'ratings.r1.q'],
    ['NaN', { r1: { q: Number.NaN }, r2: { q: 1 } }, 'ratings.r1.q'],
    ['a text', { r1: { q: '1' }, r2: { q: 1 } }, 'ratings.r1.q'],
    ['an unknown attribute', { r1: { q: 1, y: 1 }, r2: { q: 1 } }, 'ratings.r1'],
    ['an inherited attribute', { r1: Object.create({ q: 1 }), r2: { q: 1 } }, 'ratings'],
    ['an unknown answer', { r1: { q: 1 }, r2: { q: 1 }, r3: { q: 1 } }, 'ratings'],
  ])('refuses %s', (_, ratings, about) => {
    expect(refusal(form, { ratings })).toBe(about);
  });
});

describe('FLAGS', () => {
  const form = defaultForm('FLAGS');

  it('keeps flags in the order of the form; an empty list says that none applies', () => {
    expect(parse(form, { flags: { r2: [], r1: ['opinion', 'wrong-task'] } })).toEqual({ flags: { r1: ['wrong-task', 'opinion'], r2: [] } });
  });

  it('takes silence for "none" only where flags are asked besides', () => {
    expect(refusal(form, { flags: { r1: [] } })).toBe('flags');
    expect(refusal(form, {})).toBe('flags');
    const besides = withParts('RANKING', ...ranking.parts, defaultPart('flags'));
    expect(parse(besides, order)).toEqual({ ...order, aside: [], flags: { r1: [], r2: [] } });
  });

  it.each<[string, unknown, string]>([
    ['an unknown flag', ['constructor'], 'flags.r1'],
    ['a flag twice', ['opinion', 'opinion'], 'flags.r1'],
    ['no list', 'opinion', 'flags.r1'],
    ['no text', [{ toString: 1 }.constructor], 'flags.r1'],
    ['a million flags', Array(1_000_000).fill('opinion'), 'flags.r1'],
  ])('refuses %s', (_, r1, about) => {
    expect(refusal(form, { flags: { r1, r2: [] } })).toBe(about);
  });
});

describe('SPAN', () => {
  const form = defaultForm('SPAN');
  const cat = { start: 6, end: 9, text: 'cat', category: 'false', severity: 'minor' };

  it('counts in code points, past emoji, from right to left, and between a letter and its mark', () => {
    const hebrew = { ...cat, start: 0, end: 4, text: 'שלום' };
    const mark = { ...cat, start: 9, end: 10, text: '\u0301', note: ' odd ' };
    const face = { ...cat, start: 4, end: 5, text: '🙂', note: '  ' };
    expect(parse(form, { spans: { r2: [mark, hebrew], r1: [cat, face] } })).toEqual({
      spans: { r1: [{ ...cat, start: 4, end: 5, text: '🙂' }, cat], r2: [hebrew, { ...mark, note: 'odd' }] },
    });
  });

  it('lets marks of different categories overlap', () => {
    const other = { ...cat, start: 0, end: 9, text: 'The 🙂 cat', category: 'language' };
    expect(parse(form, { spans: { r1: [cat, other], r2: [] } }).spans?.['r1']).toEqual([other, cat]);
  });

  it.each<[string, unknown, string]>([
    ['offsets in code units', { ...cat, start: 7, end: 10 }, 'spans.r1.0'],
    ['another text', { ...cat, text: 'dog' }, 'spans.r1.0'],
    ['an empty piece', { ...cat, end: 6, text: '' }, 'spans.r1.0.text'],
    ['an end before the start', { ...cat, end: 3 }, 'spans.r1.0'],
    ['an end beyond the text', { ...cat, start: 13, end: 15, text: '.' }, 'spans.r1.0'],
    ['NaN', { ...cat, start: Number.NaN }, 'spans.r1.0.start'],
    ['a number too large', { ...cat, end: 1e300 }, 'spans.r1.0.end'],
    ['an unknown category', { ...cat, category: 'toString' }, 'spans.r1.0'],
    ['an unknown severity', { ...cat, severity: '' }, 'spans.r1.0'],
    ['half a character in the note', { ...cat, note: '\ud800' }, 'spans.r1.0'],
    ['a field more', { ...cat, by: 'me' }, 'spans.r1.0'],
  ])('refuses %s', (_, span, about) => {
    expect(refusal(form, { spans: { r1: [span], r2: [] } })).toBe(about);
  });

  it('refuses overlap within a category, silence, and notes that are not asked', () => {
    expect(refusal(form, { spans: { r1: [cat, { ...cat, end: 10, text: 'cat ' }], r2: [] } })).toBe('spans.r1');
    expect(refusal(form, { spans: { r1: [cat, cat], r2: [] } })).toBe('spans.r1');
    expect(refusal(form, { spans: { r1: [cat] } })).toBe('spans');
    const silent = withParts('SPAN', { ...defaultPart('span'), notes: false });
    expect(refusal(silent, { spans: { r1: [{ ...cat, note: 'x' }], r2: [] } })).toBe('spans.r1.0');
  });

  it('marks many pieces of a megabyte', () => {
    const long = [{ id: 'r1', text: '🙂ab '.repeat(250_000) }];
    const marks = Array.from({ length: 500 }, (_, index) => ({ ...cat, start: index * 1000 + 1, end: index * 1000 + 3, text: 'ab' }));
    expect(parse(form, { spans: { r1: marks } }, long).spans?.['r1']).toHaveLength(500);
    expect(refusal(form, { spans: { r1: [...marks, cat] } }, long)).toBe('spans.r1');
  });
});

describe('texts', () => {
  const demonstration = withParts('DEMONSTRATION', { type: 'demonstration', minCharacters: 3, maxCharacters: 5, suggestions: false });
  const correction = withParts('CORRECTION', { type: 'correction', maxCharacters: 1_000_000 });
  const noted = (required: boolean) => withParts('RANKING', ...ranking.parts, { type: 'note', label: 'Why', required });

  it('counts the characters of a demonstration, not its bytes', () => {
    expect(parse(demonstration, { text: '🙂🙂🙂' })).toEqual({ text: '🙂🙂🙂' });
    expect(parse(demonstration, { text: ' abc ' })).toEqual({ text: ' abc ' });
    for (const text of [undefined, '', '   ', ' ab ', '🙂🙂🙂🙂🙂🙂', 'ab\0c', 'abc\udc00', 5]) {
      expect(refusal(demonstration, { text })).toBe('text');
    }
  });

  it('works out what a correction changed', () => {
    const text = 'The 🙂 dog sat.';
    const content = parse(correction, { correction: { responseId: 'r1', text } });
    expect(content.correction?.changes).toEqual([
      [0, 'The 🙂 '],
      [-1, 'cat'],
      [1, 'dog'],
      [0, ' sat.'],
    ]);
    const own = [
      [-1, 'The 🙂 cat sat.'],
      [1, text],
    ];
    expect(parse(correction, { correction: { responseId: 'r1', text, changes: own } })).toEqual(content);
  });

  it('keeps an answer that is said to be right as it is', () => {
    const { text } = responses[0] ?? { text: '' };
    const kept = { responseId: 'r1', text, unchanged: true };
    expect(parse(correction, { correction: kept })).toEqual({ correction: { ...kept, changes: [[0, text]] } });
    expect(refusal(correction, { correction: { ...kept, text: 'y' } })).toBe('correction.unchanged');
    expect(refusal(correction, { correction: { ...kept, unchanged: false } })).toBe('correction.text');
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'correction.responseId'],
    ['an answer of another task', { responseId: 'x', text: 'y' }, 'correction.responseId'],
    ['no text', { responseId: 'r1' }, 'correction.text'],
    ['the text as it was', { responseId: 'r1', text: 'The 🙂 cat sat.' }, 'correction.text'],
    ['too long a text', { responseId: 'r1', text: 'x'.repeat(1_000_001) }, 'correction.text'],
    ['changes of another text', { responseId: 'r1', text: 'y', changes: [[1, 'y']] }, 'correction.changes'],
    ['changes that are none', { responseId: 'r1', text: 'y', changes: [[2, 'y']] }, 'correction.changes'],
  ])('refuses a correction with %s', (_, value, about) => {
    expect(refusal(correction, { correction: value })).toBe(about);
  });

  it('keeps a note where one was written, and asks for it where it is required', () => {
    expect(parse(noted(true), { ...order, note: ' why ' })).toEqual({ ...order, aside: [], note: 'why' });
    expect(parse(noted(false), { ...order, note: '  ' })).toEqual({ ...order, aside: [] });
    expect(refusal(noted(true), order)).toBe('note');
    expect(refusal(noted(true), { ...order, note: 'x'.repeat(5001) })).toBe('note');
  });
});
