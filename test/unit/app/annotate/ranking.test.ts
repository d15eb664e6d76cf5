import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RankingAction, rankingModel } from '../../../../app/p/[project]/annotate/_kinds/ranking/answer';
import {
  ASIDE,
  denseRanks,
  groups,
  noPlaces,
  type Place,
  readiness,
  setAside,
  standing,
  undecided,
} from '../../../../app/p/[project]/annotate/_kinds/ranking/places';
import { act, moveTo, openAnswer } from '../../../../app/p/[project]/annotate/_state/answer';
import { answerName } from '../../../../app/p/[project]/annotate/_state/answer-name';
import { change, type History, newHistory, redo, undo } from '../../../../app/p/[project]/annotate/_state/history';
import { contextFor, taskFor } from './task-for';

type Step = RankingAction | { type: 'undo' | 'redo' } | { type: 'move'; by: 1 | -1 } | { type: 'focus'; answer: number };

interface State {
  readonly places: readonly Place[];
  readonly focus: number;
  readonly history: History;
}

function show(history: History): State {
  const { places } = history.answer.parts.ranking as { places: readonly Place[] };
  return { places, focus: history.answer.at.answer, history };
}

const emptyRanking = (count: number): State => show(newHistory(openAnswer(taskFor('RANKING', count), null).answer));

/** One step as the store takes it. */
function step(state: State, action: Step): State {
  const { history } = state;
  const view = taskFor('RANKING', state.places.length);
  if (action.type === 'undo') return show(undo(history));
  if (action.type === 'redo') return show(redo(history));
  if (action.type === 'move') return show(change(history, moveTo(view, history.answer, { answer: state.focus + action.by }), 0));
  if (action.type === 'focus') return show(change(history, moveTo(view, history.answer, { answer: action.answer }), 0));
  const answer = act(view, history.answer, 'ranking', action);
  return answer === history.answer ? state : show(change(history, answer, 0));
}

/** Plays keys as a person types them: digits, x, z, y (redo), b (Backspace), = (tie), l and r (arrows), u and d (Shift and arrow). */
function play(keys: string, count = 4, from: State = emptyRanking(count)): State {
  return [...keys].reduce((state, key) => step(state, toAction(key)), from);
}

function toAction(key: string): Step {
  if (/[1-9]/.test(key)) return { type: 'place', place: Number(key) };
  if (key === 'x') return { type: 'toggleAside' };
  if (key === 'z') return { type: 'undo' };
  if (key === 'y') return { type: 'redo' };
  if (key === 'b') return { type: 'clear' };
  if (key === '=') return { type: 'tieWithLast' };
  if (key === 'u' || key === 'd') return { type: 'shift', by: key === 'u' ? -1 : 1 };
  return { type: 'move', by: key === 'l' ? -1 : 1 };
}

describe('places by digit', () => {
  it('starts empty: nothing comes from the display order', () => {
    expect(emptyRanking(4)).toMatchObject({ places: [null, null, null, null], focus: 0 });
    expect(readiness(emptyRanking(4).places)).toEqual({ kind: 'untouched', answers: [0, 1, 2, 3] });
  });

  it('takes 3 1 4 2 as typed', () => {
    const state = play('3142');
    expect(state.places).toEqual([3, 1, 4, 2]);
    expect(denseRanks(state.places)).toEqual([3, 1, 4, 2]);
    expect(readiness(state.places).kind).toBe('ready');
  });

  it('keeps numbers as typed while one is undecided, although lower ones are free', () => {
    expect(play('3').places).toEqual([3, null, null, null]);
    expect(play('31').places).toEqual([3, 1, null, null]);
  });

  it('the same number twice is a tie, shown 1, 2=, 2=, 4 and stored 1, 2, 2, 3', () => {
    for (const keys of ['2123', '2124']) {
      const state = play(keys);
      expect(state.places).toEqual([2, 1, 2, 4]);
      expect(denseRanks(state.places)).toEqual([2, 1, 2, 3]);
    }
  });

  it('closes gaps when all are decided', () => {
    expect(play('4444').places).toEqual([1, 1, 1, 1]);
    expect(play('2424').places).toEqual([1, 3, 1, 3]);
    expect(play('1x34').places).toEqual([1, ASIDE, 2, 3]);
  });

  it('putting the last one first takes two presses: D to 1, then A to 2', () => {
    const complete = play('1234');
    const tied = step(complete, { type: 'place', place: 1, answer: 3 });
    expect(tied.places).toEqual([1, 3, 4, 1]);
    const done = step(tied, { type: 'place', place: 2, answer: 0 });
    expect(done.places).toEqual([2, 3, 4, 1]);
  });

  it('leaves numbers above K and strange answers alone', () => {
    const state = play('1');
    expect(step(state, { type: 'place', place: 5 })).toBe(state);
    expect(step(state, { type: 'place', place: 0 })).toBe(state);
    expect(step(state, { type: 'place', place: 1.5 })).toBe(state);
    expect(step(state, { type: 'place', place: 1, answer: 4 })).toBe(state);
  });

  it('works from 2 to 9 answers', () => {
    expect(play('21', 2).places).toEqual([2, 1]);
    expect(play('987654321', 9).places).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(() => noPlaces(10)).toThrow('1 to 9 answers');
    expect(() => noPlaces(0)).toThrow('1 to 9 answers');
  });
});

describe('focus', () => {
  it('goes to the next undecided answer, round the end, and stays when none is left', () => {
    expect(play('1').focus).toBe(1);
    expect(play('rr1').focus).toBe(3);
    expect(play('rrr1').focus).toBe(0);
    expect(play('1234').focus).toBe(3);
    expect(play('r12').places).toEqual([null, 1, 2, null]);
  });

  it('stops at both ends with the arrows', () => {
    expect(play('l').focus).toBe(0);
    expect(play('rrrrrr').focus).toBe(3);
  });

  it('goes on when the same place is given again, without an undo step', () => {
    const back = step(play('1'), { type: 'focus', answer: 0 });
    const again = step(back, { type: 'place', place: 1 });
    expect(again.focus).toBe(1);
    expect(again.history.past).toHaveLength(1);
  });
});

describe('set aside, take away, undo', () => {
  it('sets aside, and X again makes it undecided', () => {
    const aside = play('123x');
    expect(aside.places).toEqual([1, 2, 3, ASIDE]);
    expect(readiness(aside.places)).toEqual({
      kind: 'ready',
      order: [
        { place: 1, answers: [0] },
        { place: 2, answers: [1] },
        { place: 3, answers: [2] },
      ],
      aside: [3],
    });
    expect(play('123xx').places).toEqual([1, 2, 3, null]);
  });

  it('takes a place away and stays there', () => {
    const state = play('12lb');
    expect(state.places).toEqual([1, null, null, null]);
    expect(state.focus).toBe(1);
  });

  it('undoes one change at a time, with the focus', () => {
    expect(play('31z')).toMatchObject({ places: [3, null, null, null], focus: 1 });
    expect(play('31zz')).toMatchObject({ places: [null, null, null, null], focus: 0 });
    expect(play('z')).toMatchObject({ places: [null, null, null, null], focus: 0 });
    // the change that closed the gaps gives the typed numbers back
    expect(play('444').places).toEqual([4, 4, 4, null]);
    expect(play('4444z').places).toEqual([4, 4, 4, null]);
  });
});

describe('why Submit waits', () => {
  it('names what is undecided, all set aside, or nothing touched', () => {
    expect(readiness(play('123').places)).toEqual({ kind: 'undecided', answers: [3] });
    expect(readiness(play('x').places)).toEqual({ kind: 'undecided', answers: [1, 2, 3] });
    expect(readiness(play('xxxx').places)).toEqual({ kind: 'allAside', answers: [0, 1, 2, 3] });
  });
});

describe('standing', () => {
  it('says what an answer is in relation to the others', () => {
    const mid = play('212').places;
    expect(standing(mid, 0)).toEqual({ kind: 'tied', with: [2] });
    expect(standing(mid, 1)).toEqual({ kind: 'best', final: false });
    expect(standing(mid, 3)).toEqual({ kind: 'open' });
    const done = play('212x').places;
    expect(standing(done, 1)).toEqual({ kind: 'best', final: true });
    expect(standing(done, 3)).toEqual({ kind: 'aside' });
    expect(standing(play('1234').places, 2)).toEqual({ kind: 'after', answers: [1] });
    expect(standing(play('3').places, 0)).toEqual({ kind: 'placed', place: 3 });
  });

  it('names answers A to I', () => {
    expect(answerName(0) + answerName(8)).toBe('AI');
  });
});

describe('redo, ties and moves', () => {
  it('does again what was undone, until something else is done', () => {
    expect(play('31zy').places).toEqual([3, 1, null, null]);
    expect(play('31zzyy').places).toEqual([3, 1, null, null]);
    expect(play('31z2y').places).toEqual([3, 2, null, null]);
  });

  it('one key ties with the one placed last', () => {
    expect(play('2=1').places).toEqual([2, 2, 1, null]);
    expect(play('=').places).toEqual([null, null, null, null]); // nothing was placed yet
  });

  it('Shift and arrows move past the group above or below, and out of a tie', () => {
    expect(play('1234u').places).toEqual([1, 2, 4, 3]);
    expect(play('1234uuu').places).toEqual([2, 3, 4, 1]);
    expect(play('1234lld').places).toEqual([1, 3, 2, 4]);
    expect(play('1233u').places).toEqual([1, 2, 4, 3]);
    expect(play('1233d').places).toEqual([1, 2, 3, 4]);
  });

  it('dropped between two groups an answer gets a place of its own; dropped on one it ties', () => {
    const three = play('123');
    expect(step(three, { type: 'insert', at: 1, answer: 3 }).places).toEqual([1, 3, 4, 2]);
    expect(step(three, { type: 'insert', at: 0, answer: 3 }).places).toEqual([2, 3, 4, 1]);
    expect(step(three, { type: 'insert', at: 9, answer: 3 }).places).toEqual([1, 2, 3, 4]);
    expect(step(three, { type: 'tie', with: 1, answer: 3 }).places).toEqual([1, 2, 4, 2]);
    expect(step(three, { type: 'tie', with: 3, answer: 0 }).places).toEqual([1, 2, 3, null]);
  });
});

describe('forms without ties or without setting aside', () => {
  const form = { kind: 'RANKING' as const, parts: [{ type: 'ranking' as const, ties: false, aside: false }] };
  const context = contextFor(taskFor('RANKING', 2, form), 'ranking');

  it('say what is equal, and set nothing aside', () => {
    const tied = rankingModel.open(context, { r0: 1, r1: 1 });
    expect(rankingModel.missing(tied, context)?.title).toEqual({ key: 'annotate.why.noTies', names: { names: [0, 1] } });
    const scope = { state: tied, at: { answer: 0, item: 0 } };
    expect(rankingModel.reduce(scope, { type: 'toggleAside' }, context).state).toBe(tied);
  });
});

describe('drafts', () => {
  const context = contextFor(taskFor('RANKING', 4), 'ranking');
  const open = (kept: unknown) => rankingModel.open(context, kept).places;

  it('come back as they were', () => {
    const kept = rankingModel.draft({ places: [3, 1, null, null], last: null }, context);
    expect(open(JSON.parse(JSON.stringify(kept)))).toEqual([3, 1, null, null]);
  });

  it.each([null, undefined, 'x', {}, { places: 3 }, { r7: 1 }, [1, 2, 3, 4]])('that do not fit are dropped: %j', (kept) => {
    expect(open(kept)).toEqual([null, null, null, null]);
  });

  it('lose only the values that do not fit', () => {
    expect(open({ r0: 9, r1: 'first', r2: 2, r3: ASIDE })).toEqual([null, null, 2, ASIDE]);
  });

  it('what was sent comes back as it was sent', () => {
    const state = { places: [2, 1, 2, ASIDE] as const, last: null };
    expect(rankingModel.restore(context, rankingModel.content(state, context)).places).toEqual([2, 1, 2, ASIDE]);
  });
});

const count = fc.integer({ min: 2, max: 9 });
const action: fc.Arbitrary<Step> = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ type: fc.constant('place' as const), place: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ type: fc.constant('place' as const), place: fc.integer({ min: 1, max: 9 }), answer: fc.integer({ min: 0, max: 9 }) }),
  fc.constant<Step>({ type: 'toggleAside' }),
  fc.constant<Step>({ type: 'clear' }),
  fc.record({ type: fc.constant('focus' as const), answer: fc.integer({ min: -1, max: 9 }) }),
  fc.constantFrom<Step>({ type: 'move', by: 1 }, { type: 'move', by: -1 }),
  fc.constantFrom<Step>({ type: 'undo' }, { type: 'redo' }, { type: 'tieWithLast' }, { type: 'shift', by: 1 }, { type: 'insert', at: 1 }),
);

describe('whatever is pressed', () => {
  it('places stay within 1..K, focus on an answer, and a complete ranking is a competition ranking', () => {
    fc.assert(
      fc.property(count, fc.array(action, { maxLength: 60 }), (k, actions) => {
        const state = actions.reduce(step, emptyRanking(k));
        expect(state.places).toHaveLength(k);
        expect(state.focus).toBeGreaterThanOrEqual(0);
        expect(state.focus).toBeLessThan(k);
        for (const place of state.places) if (typeof place === 'number') expect(place >= 1 && place <= k).toBe(true);
        if (undecided(state.places).length === 0) {
          const numbers = state.places.filter((place): place is number => typeof place === 'number');
          for (const place of numbers) expect(place).toBe(1 + numbers.filter((other) => other < place).length);
        }
      }),
    );
  });

  it('dense ranks have no gap and keep order and ties', () => {
    fc.assert(
      fc.property(count, fc.array(action, { maxLength: 60 }), (k, actions) => {
        const { places } = actions.reduce(step, emptyRanking(k));
        const ranks = denseRanks(places);
        const used = [...new Set(ranks.filter((rank) => rank !== null))].sort((a, b) => a - b);
        expect(used).toEqual(used.map((_, index) => index + 1));
        for (let a = 0; a < k; a += 1) {
          for (let b = 0; b < k; b += 1) {
            const [x, y, p, q] = [ranks[a], ranks[b], places[a], places[b]] as [number | null, number | null, Place, Place];
            if (typeof p === 'number' && typeof q === 'number') expect(Math.sign((x as number) - (y as number))).toBe(Math.sign(p - q));
          }
        }
        const counted = groups(places).flatMap((group) => group.answers).length + undecided(places).length + setAside(places).length;
        expect(counted).toBe(k);
      }),
    );
  });

  it('undo gives back exactly the state before each change', () => {
    fc.assert(
      fc.property(count, fc.array(action, { maxLength: 40 }), (k, actions) => {
        let state = emptyRanking(k);
        for (const next of actions.filter((one) => one.type !== 'undo' && one.type !== 'redo')) {
          const after = step(state, next);
          if (after.history.past.length > state.history.past.length) {
            const undone = step(after, { type: 'undo' });
            expect(undone.places).toEqual(state.places);
            expect(undone.focus).toBe(state.focus);
          } else expect(after.places).toEqual(state.places);
          state = after;
        }
      }),
    );
  });

  it('typing the dense ranks of any weak order in display order gives that order', () => {
    fc.assert(
      fc.property(
        count.chain((k) => fc.array(fc.integer({ min: 1, max: k }), { minLength: k, maxLength: k })),
        (typed) => {
          const state = typed.reduce((now, place) => step(now, { type: 'place', place }), emptyRanking(typed.length));
          const order = [...new Set(typed)].sort((a, b) => a - b);
          expect(denseRanks(state.places)).toEqual(typed.map((place) => order.indexOf(place) + 1));
          expect(readiness(state.places).kind).toBe('ready');
        },
      ),
    );
  });
});
