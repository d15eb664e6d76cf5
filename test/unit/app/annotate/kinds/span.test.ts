import { describe, expect, it } from 'vitest';
import { parseAnnotationContent } from '#lib/domain/annotation-content';
import { createSlicer } from '#lib/domain/code-points';
import { defaultForm, findPart } from '#lib/domain/forms';
import { type SpanAction, type SpanState, spanModel } from '../../../../../app/p/[project]/annotate/_kinds/span/answer';
import { type TextTree, unitsBefore } from '../../../../../app/p/[project]/annotate/_kinds/span/dom-offsets';
import { moveByWord, pieceOfSelection, selectionOf, toItem } from '../../../../../app/p/[project]/annotate/_kinds/span/selection';
import { pieceOf, wordsOf } from '../../../../../app/p/[project]/annotate/_kinds/span/words';
import type { Scope } from '../../../../../app/p/[project]/annotate/_state/part-model';
import type { Press } from '../../../../../app/p/[project]/annotate/_state/press';
import { contextFor } from './context';

const family = '👩‍👩‍👧‍👦';
const ugly = `Zeile eins\r\n${family} é e\u0301 🇩🇪\tمرحبا بالعالم 中文字。\u200f\u202e end 😀`;

interface Leaf extends TextTree {
  readonly childNodes: TextTree[];
}
const leaf = (text: string): Leaf => ({ nodeType: 3, nodeValue: text, childNodes: [] });
const element = (...childNodes: TextTree[]): TextTree => ({ nodeType: 1, nodeValue: null, childNodes });

describe('offsets of a selection', () => {
  it('are those of the raw text, however it is cut into nodes', () => {
    const cuts = [0, 5, 12, 12 + family.length, 30, 41, ugly.length];
    const leaves = cuts.slice(1).map((end, index) => leaf(ugly.slice(cuts[index], end)));
    const [a, b, c, d, e, f] = leaves as [Leaf, Leaf, Leaf, Leaf, Leaf, Leaf];
    const root = element(a, element(element(b), c), element(), d, element(e, f));
    leaves.forEach((node, index) => {
      for (const offset of [0, 1, node.nodeValue?.length ?? 0]) expect(unitsBefore(root, node, offset)).toBe((cuts[index] ?? 0) + offset);
    });
    expect(unitsBefore(root, root, 2)).toBe(12 + family.length);
    expect(unitsBefore(root, root, 5)).toBe(ugly.length);
    expect(unitsBefore(root, leaf('elsewhere'), 0)).toBeNull();
  });

  it('become code points that cut no character, with no blanks around', () => {
    const slicer = createSlicer(ugly);
    const marked = (from: number, to: number) => {
      const piece = pieceOf(ugly, from, to);
      return piece === null ? null : slicer.slice(piece.start, piece.end);
    };
    const inFamily = ugly.indexOf(family) + 3;
    expect(marked(inFamily, inFamily + 2)).toBe(family);
    const accent = ugly.indexOf('e\u0301');
    expect(marked(accent, accent + 1)).toBe('e\u0301');
    const flag = ugly.indexOf('🇩🇪');
    expect(marked(flag + 2, flag + 4)).toBe('🇩🇪');
    expect(marked(ugly.length, ugly.length - 1)).toBe('😀');
    expect(marked(6, 12)).toBe('eins');
    expect(marked(10, 12)).toBeNull();
    expect(marked(0, ugly.length)).toBe(ugly);
    const arabic = ugly.indexOf('مرحبا');
    expect(marked(arabic + 5, arabic)).toBe('مرحبا');
  });

  it('fit every selection of a text of any characters', () => {
    const slicer = createSlicer(ugly);
    for (let from = 0; from < ugly.length; from += 1) {
      for (let to = from + 1; to <= Math.min(ugly.length, from + 14); to += 1) {
        const piece = pieceOf(ugly, from, to);
        if (piece === null) continue;
        const text = slicer.slice(piece.start, piece.end);
        expect(text).toBe(text.trim());
        expect(ugly).toContain(text);
        expect(text).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
        expect(text.length).toBeGreaterThanOrEqual(ugly.slice(from, to).trim().length);
      }
    }
  });
});

describe('words by key', () => {
  it('go forth and back, grow and shrink', () => {
    const text = 'one two three 四五';
    const words = wordsOf(text);
    const slicer = createSlicer(text);
    const shown = (selection: ReturnType<typeof selectionOf>) => {
      const piece = pieceOfSelection(selection);
      return piece && slicer.slice(piece.start, piece.end);
    };
    let selection = moveByWord(words, null, 1, false);
    expect(shown(selection)).toBe('one');
    selection = moveByWord(words, selection, 1, false);
    expect(shown(selection)).toBe('two');
    selection = moveByWord(words, selection, 1, true);
    expect(shown(selection)).toBe('two three');
    selection = moveByWord(words, selection, -1, true);
    expect(shown(selection)).toBe('two');
    expect(shown(moveByWord(words, selection, -1, false))).toBe('one');
    expect(shown(moveByWord(words, moveByWord(words, null, -1, false), 1, false))).toMatch(/^[四五]+$/);
    expect(selectionOf(toItem(selection))).toEqual(selection);
    expect(selectionOf(toItem(null))).toBeNull();
  });
});

describe('marks', () => {
  const form = defaultForm('SPAN');
  const part = findPart(form, 'span');
  if (part === undefined) throw new Error('no part');
  const responses = [
    { id: 'r1', text: ugly },
    { id: 'r2', text: 'all is well' },
  ];
  const context = contextFor(form, part, responses);
  const begin = (): Scope<SpanState> => ({ state: spanModel.open(context, null), at: { answer: 0, item: 0 } });
  const run = (scope: Scope<SpanState>, ...actions: SpanAction[]) =>
    actions.reduce((now, action) => spanModel.reduce(now, action, context), scope);
  const press = (scope: Scope<SpanState>, ...keys: Press[]) =>
    keys.reduce((now, key) => {
      const action = spanModel.key(key, now, context);
      return action === null ? now : spanModel.reduce(now, action, context);
    }, scope);
  const digit = (value: number): Press => ({ type: 'digit', digit: value });
  const onward = (shift = false): Press => ({ type: 'arrow', to: 'after', shift });

  it('are made by keys alone: words, category, severity; and are what the server takes', () => {
    const marked = press(begin(), onward(), onward(true), digit(2), digit(3), onward(), digit(1));
    expect(spanModel.missing(marked.state, context)?.title.names).toEqual({ names: [1] });
    const other = press({ ...marked, at: { answer: 1, item: 0 } }, digit(0));
    expect(spanModel.missing(other.state, context)?.title.key).toBe('writing.why.severity');
    const done = press({ ...other, at: marked.at }, digit(1));
    expect(spanModel.missing(done.state, context)).toBeNull();
    const content = parseAnnotationContent(form, { responses }, spanModel.content(done.state, context));
    expect(content.spans).toEqual({
      r1: [
        { start: 0, end: 10, text: 'Zeile eins', category: 'reasoning', severity: 'critical' },
        { start: 12, end: 19, text: family, category: 'false', severity: 'minor' },
      ],
      r2: [],
    });
    expect(spanModel.open(context, JSON.parse(JSON.stringify(spanModel.draft(done.state, context))))).toEqual(done.state);
    expect(spanModel.content(spanModel.restore(context, content), context)).toEqual(spanModel.content(done.state, context));
  });

  it('of one category join where they overlap, of two may overlap; may be changed, removed, undone by value', () => {
    const select = (start: number, end: number): SpanAction => ({ type: 'select', piece: { start, end } });
    const category = (key: string): SpanAction => ({ type: 'category', key });
    const marks = (scope: Scope<SpanState>) => scope.state.marks.r1?.map(({ start, end, category: of }) => `${start}-${end} ${of}`);
    const two = run(begin(), select(0, 5), category('false'), select(3, 10), category('language'));
    expect(marks(two)).toEqual(['0-5 false', '3-10 language']);
    expect(marks(run(two, select(4, 8), category('false')))).toEqual(['3-10 language', '0-8 false']);
    expect(marks(run(two, select(3, 10), category('false')))).toEqual(['0-10 false']);
    expect(marks(run(two, { type: 'jump', by: 1 }, { type: 'remove' }))).toEqual(['3-10 language']);
    expect(marks(run(two, { type: 'jump', by: -1 }, { type: 'remove' }))).toEqual(['3-10 language']);
    const noted = run(two, { type: 'severity', key: 'major' }, { type: 'nextSeverity' }, { type: 'note', note: ' why ' });
    expect(noted.state.marks.r1?.[1]).toMatchObject({ severity: 'critical', note: ' why ' });
    expect(run(two, { type: 'none' })).toBe(two);
    expect(run(begin(), { type: 'remove' }).state).toEqual(begin().state);
  });

  it('of a draft that does not fit are dropped', () => {
    const kept = {
      marks: {
        r1: [
          { start: 3, end: 2, category: 'false' },
          { start: 0, end: 9999, category: 'false' },
          { start: 0, end: 2, category: 'gone' },
          7,
        ],
        r9: [],
      },
      none: 'x',
    };
    expect(spanModel.open(context, kept)).toEqual({ marks: { r1: [], r2: [] }, none: [] });
  });
});
