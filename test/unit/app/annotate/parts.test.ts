import { describe, expect, it } from 'vitest';
import { type AnnotationContent, parseAnnotationContent } from '#lib/domain/annotation-content';
import { defaultPart } from '#lib/domain/default-parts';
import type { PartOf } from '#lib/domain/form-parts';
import type { FormSpec } from '#lib/domain/forms';
import { textBlocks } from '../../../../app/_components/answer-text/text-blocks';
import { type FlagsState, flagKey, flagsModel } from '../../../../app/p/[project]/annotate/_kinds/flags/answer';
import { pairwiseModel } from '../../../../app/p/[project]/annotate/_kinds/pairwise/answer';
import { digitOf, type RatingState, ratingModel, scaleOf } from '../../../../app/p/[project]/annotate/_kinds/rating/answer';
import { act, contentOf, missingOf, openAnswer, openSent, toDraft } from '../../../../app/p/[project]/annotate/_state/answer';
import { change, newHistory, undo } from '../../../../app/p/[project]/annotate/_state/history';
import { anchorsOf, heightAt } from '../../../../app/p/[project]/annotate/_state/matching-lines';
import { choiceDigit, choiceOfPress, scaleChoices } from '../../../../app/p/[project]/annotate/_state/strength';
import { contextFor, taskFor } from './task-for';

const digit = (value: number) => ({ type: 'digit', digit: value }) as const;
const start = { answer: 0, item: 0 };

describe('pairwise', () => {
  const task = taskFor('PAIRWISE', 2);
  const context = contextFor(task, 'pairwise');

  it.each<[number, AnnotationContent]>([
    [1, { ranks: { r0: 1, r1: 2 }, aside: [], strength: 3 }],
    [3, { ranks: { r0: 1, r1: 2 }, aside: [], strength: 1 }],
    [4, { ranks: { r0: 1, r1: 1 }, aside: [] }],
    [7, { ranks: { r0: 2, r1: 1 }, aside: [], strength: 3 }],
    [0, { ranks: { r0: 1, r1: 1 }, aside: [], bothBad: true }],
  ])('key %i is one judgement that the server takes', (key, content) => {
    const state = pairwiseModel.open(context, null);
    expect(pairwiseModel.missing(state, context)).not.toBeNull(); // nothing is chosen beforehand
    const action = pairwiseModel.key(digit(key), { state, at: start }, context);
    if (action === null) throw new Error('the key does nothing');
    expect(pairwiseModel.answers?.(action)).toBe(true);
    const chosen = pairwiseModel.reduce({ state, at: start }, action, context).state;
    expect(pairwiseModel.content(chosen, context)).toEqual(content);
    expect(parseAnnotationContent(task.form.spec, task, content)).toEqual(content);
    expect(pairwiseModel.restore(context, content)).toEqual(chosen);
  });

  it('a draft fits the other display order', () => {
    const kept = pairwiseModel.draft({ choice: -2 }, context);
    const turned = { ...task, responses: [...task.responses].reverse() };
    expect(pairwiseModel.open({ part: context.part, task: turned }, kept)).toEqual({ choice: 2 });
  });

  it('8, 9 and what the form does not have do nothing', () => {
    const plain = { strength: false, tie: false, bothBad: false };
    expect(scaleChoices(plain)).toEqual([-1, 1]);
    expect([1, 2, 3, 0].map((key) => choiceOfPress(plain, digit(key)))).toEqual([-1, 1, null, null]);
    expect(choiceDigit({ strength: false, tie: true, bothBad: true }, 1)).toBe(3);
    expect(choiceOfPress({ strength: true, tie: false, bothBad: true }, digit(4))).toBeNull();
    expect(choiceOfPress({ strength: true, tie: true, bothBad: true }, digit(8))).toBeNull();
  });
});

describe('rating', () => {
  const task = taskFor('RATING', 2);
  const context = contextFor(task, 'rating');
  const type = (keys: readonly number[]) =>
    keys.reduce(
      (scope, key) => {
        const action = ratingModel.key(digit(key), scope, context);
        return action === null ? scope : ratingModel.reduce(scope, action, context);
      },
      { state: ratingModel.open(context, null) as RatingState, at: start },
    );

  it('digits fill attribute after attribute, answer after answer', () => {
    const half = type([7, 6, 5, 4, 1]);
    expect(half.state).toEqual({ r0: { overall: 7, helpfulness: 6, truthfulness: 5, harmlessness: 4 }, r1: { overall: 1 } });
    expect(half.at).toEqual({ answer: 1, item: 1 });
    expect(ratingModel.missing(half.state, context)?.title).toEqual({ key: 'annotate.rating.missingMany', values: { count: 3 } });
    const all = type([7, 6, 5, 4, 1, 2, 3, 4]);
    expect(ratingModel.missing(all.state, context)).toBeNull();
    const content = ratingModel.content(all.state, context);
    expect(parseAnnotationContent(task.form.spec, task, content)).toEqual(content);
    expect(ratingModel.restore(context, content)).toEqual(all.state);
  });

  it('digits beyond the scale do nothing; a draft keeps only what fits', () => {
    expect(type([9, 0]).state).toEqual({ r0: {}, r1: {} });
    expect(ratingModel.open(context, { r0: { overall: 8, helpfulness: 2, other: 1 }, r9: { overall: 1 } })).toEqual({
      r0: { helpfulness: 2 },
      r1: {},
    });
  });

  it('scales beyond the digits are typed by step', () => {
    const scale = { key: 'x', label: 'X', help: '', min: -5, max: 5, lowLabel: '', highLabel: '', required: true };
    expect(scaleOf(scale)).toHaveLength(11);
    expect([-5, 0, 4, 5].map((score) => digitOf(scale, score))).toEqual([1, 6, 0, null]);
  });
});

describe('flags', () => {
  const task = taskFor('FLAGS', 2);
  const context = contextFor(task, 'flags');
  const empty = flagsModel.open(context, null);
  const type = (scope: { state: FlagsState; at: typeof start }, key: number | string) => {
    const press = typeof key === 'number' ? digit(key) : ({ type: 'letter', letter: key, shift: false } as const);
    const action = flagsModel.key(press, scope, context);
    return action === null ? scope : flagsModel.reduce(scope, action, context);
  };

  it('an untouched answer is not "none": that is said with a key of its own, and goes on to the next', () => {
    expect(flagsModel.missing(empty, context)?.title).toEqual({ key: 'annotate.flags.missing', names: { names: [0, 1] } });
    const none = type({ state: empty, at: start }, 0);
    expect(none).toEqual({ state: { r0: [] }, at: { answer: 1, item: 0 } });
    const on = type(type(none, 2), 'a');
    expect(on.state.r1).toEqual([context.part.flags[1]?.key, context.part.flags[9]?.key]);
    expect(flagsModel.missing(on.state, context)).toBeNull();
    const content = flagsModel.content(on.state, context);
    expect(parseAnnotationContent(task.form.spec, task, content)).toEqual(content);
    const off = type(type(on, 2), 'a');
    expect(off.state).toEqual({ r0: [] }); // the last one taken away says nothing
  });

  it('every key toggles one flag, and none that the page needs', () => {
    const keys = Array.from({ length: 22 }, (_, flag) => flagKey(flag));
    expect(new Set(keys).size).toBe(22);
    expect(keys.filter((key) => key !== null && 'zsgwlpfrnvmx'.includes(key))).toEqual([]);
    expect(flagKey(30)).toBeNull();
  });
});

describe('a form of several parts', () => {
  const spec: FormSpec = {
    kind: 'RANKING',
    parts: [
      defaultPart('ranking'),
      { ...(defaultPart('rating') as PartOf<'rating'>), of: 'task' },
      defaultPart('flags'),
      { type: 'note', label: 'Why', required: true },
    ],
  };
  const task = taskFor('RANKING', 2, spec);

  it('waits for each part in turn, sends all as one content, and opens it again as it was', () => {
    let answer = openAnswer(task, null).answer;
    expect(missingOf(task, answer)?.part).toBe('ranking');
    answer = act(task, answer, 'ranking', { type: 'place', place: 1, answer: 0 });
    answer = act(task, answer, 'ranking', { type: 'place', place: 2, answer: 1 });
    expect(missingOf(task, answer)?.part).toBe('rating');
    for (let item = 0; item < 4; item += 1) answer = act(task, answer, 'rating', { type: 'rate', answer: 0, item, score: 3 });
    expect(missingOf(task, answer)?.part).toBe('note');
    answer = act(task, answer, 'note', { type: 'write', text: 'so' });
    expect(missingOf(task, answer)).toBeNull();
    const content = contentOf(task, answer);
    expect(parseAnnotationContent(spec, task, content)).toMatchObject({ ranks: { r0: 1, r1: 2 }, note: 'so' });
    expect(contentOf(task, openSent(task, content))).toEqual(content);
    const draft = toDraft(task, answer, 12, 34);
    expect(openAnswer(task, JSON.parse(JSON.stringify(draft)))).toMatchObject({ activeMs: 12, draftedAt: 34 });
    expect(contentOf(task, openAnswer(task, draft).answer)).toEqual(content);
    expect(contentOf(task, openAnswer({ ...task, draft: content }, null).answer)).toEqual(content); // taken back elsewhere
  });

  it('reads drafts of the first release', () => {
    const ranking = taskFor('RANKING', 2);
    const { answer } = openAnswer(ranking, { places: { r0: 2, r1: 1 }, activeMs: 5, at: 6 });
    expect(contentOf(ranking, answer)).toEqual({ ranks: { r0: 2, r1: 1 }, aside: [] });
  });

  it('letters typed without a rest are one step of undo', () => {
    const base = openAnswer(task, null).answer;
    const write = (text: string) => act(task, base, 'note', { type: 'write', text });
    let history = change(newHistory(base), write('a'), 0, 'note');
    history = change(history, write('ab'), 500, 'note');
    history = change(history, write('abc'), 5_000, 'note');
    expect(undo(history).answer.parts.note).toBe('ab');
    expect(undo(undo(history)).answer.parts.note).toBe('');
  });
});

describe('scrolling together', () => {
  const lines = (...texts: string[]) => texts.map((text, index) => ({ text, top: index * 10 }));

  it('keeps shared lines side by side, also where one text has more between them', () => {
    const anchors = anchorsOf(lines('a', 'b', 'c', 'z'), lines('a', 'x', 'x', 'y', 'b', 'c', 'z'), 40, 70);
    expect(heightAt(anchors, 0)).toBe(0);
    expect(heightAt(anchors, 10)).toBe(40);
    expect(heightAt(anchors, 20)).toBe(50);
    expect(heightAt(anchors, 5)).toBe(20);
  });

  it('goes by share of the height where nothing is shared, and ignores what moved the other way', () => {
    expect(heightAt(anchorsOf(lines('a'), lines('b'), 100, 50), 50)).toBe(25);
    const crossed = anchorsOf(lines('a', 'b', 'c'), lines('c', 'a', 'b'), 30, 30);
    for (let height = 1; height < 30; height += 1) expect(heightAt(crossed, height)).toBeGreaterThanOrEqual(heightAt(crossed, height - 1));
  });
});

describe('very long texts', () => {
  it('come in pieces that join to the text', () => {
    const text = Array.from({ length: 3000 }, (_, index) => `line ${index} 😀`).join('\n');
    const blocks = textBlocks(text);
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocks.join('\n')).toBe(text);
    expect(textBlocks('short')).toEqual(['short']);
    const one = textBlocks('😀'.repeat(20_000));
    expect(one.join('')).toBe('😀'.repeat(20_000));
    expect(one.every((block) => !/[\uDC00-\uDFFF]/.test(block[0] ?? ''))).toBe(true);
  });
});
