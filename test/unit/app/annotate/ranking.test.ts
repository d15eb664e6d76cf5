import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Place, RankingAction, RankingState } from '../../../../app/p/[project]/annotate/_state/ranking';
import {
  ASIDE,
  answerName,
  denseRanks,
  emptyRanking,
  groups,
  rankingReducer,
  readiness,
  restoreRanking,
  setAside,
  standing,
  undecided,
} from '../../../../app/p/[project]/annotate/_state/ranking';

/** Plays keys as a person types them: digits, x, z, b (Backspace), l and r (arrows). */
function play(keys: string, count = 4, from: RankingState = emptyRanking(count)): RankingState {
  return [...keys].reduce((state, key) => rankingReducer(state, toAction(key)), from);
}

function toAction(key: string): RankingAction {
  if (/[1-9]/.test(key)) return { type: 'place', place: Number(key) };
  if (key === 'x') return { type: 'toggleAside' };
  if (key === 'z') return { type: 'undo' };
  if (key === 'b') return { type: 'clear' };
  return { type: 'move', by: key === 'l' ? -1 : 1 };
}

describe('places by digit', () => {
  it('starts empty: nothing comes from the display order', () => {
    expect(emptyRanking(4)).toEqual({ places: [null, null, null, null], focus: 0, past: [] });
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
    const tied = rankingReducer(complete, { type: 'place', place: 1, answer: 3 });
    expect(tied.places).toEqual([1, 3, 4, 1]);
    const done = rankingReducer(tied, { type: 'place', place: 2, answer: 0 });
    expect(done.places).toEqual([2, 3, 4, 1]);
  });

  it('leaves numbers above K and strange answers alone', () => {
    const state = play('1');
    expect(rankingReducer(state, { type: 'place', place: 5 })).toBe(state);
    expect(rankingReducer(state, { type: 'place', place: 0 })).toBe(state);
    expect(rankingReducer(state, { type: 'place', place: 1.5 })).toBe(state);
    expect(rankingReducer(state, { type: 'place', place: 1, answer: 4 })).toBe(state);
    expect(rankingReducer(state, { type: 'focus', answer: -1 })).toBe(state);
  });

  it('works from 2 to 9 answers', () => {
    expect(play('21', 2).places).toEqual([2, 1]);
    expect(play('987654321', 9).places).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(() => emptyRanking(10)).toThrow('1 to 9 answers');
    expect(() => emptyRanking(0)).toThrow('1 to 9 answers');
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
    const back = rankingReducer(play('1'), { type: 'focus', answer: 0 });
    const again = rankingReducer(back, { type: 'place', place: 1 });
    expect(again.focus).toBe(1);
    expect(again.past).toHaveLength(1);
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
    expect(play('31zz')).toEqual(emptyRanking(4));
    expect(play('z')).toEqual(emptyRanking(4));
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

describe('drafts', () => {
  it('come back as they were', () => {
    const state = play('31');
    expect(restoreRanking(4, JSON.parse(JSON.stringify({ places: state.places, focus: state.focus })))).toEqual({
      places: [3, 1, null, null],
      focus: 2,
      past: [],
    });
  });

  it.each([null, undefined, 'x', {}, { places: 3 }, { places: [1, 2, 3] }, { places: [1, 2, 3, 4, 5] }])(
    'that do not fit are dropped: %j',
    (draft) => {
      expect(restoreRanking(4, draft)).toEqual(emptyRanking(4));
    },
  );

  it('lose only the values that do not fit', () => {
    expect(restoreRanking(4, { places: [9, 'first', 2, ASIDE], focus: 7 })).toEqual({ places: [null, null, 2, ASIDE], focus: 0, past: [] });
  });
});

const count = fc.integer({ min: 2, max: 9 });
const action: fc.Arbitrary<RankingAction> = fc.oneof(
  fc.record({ type: fc.constant('place' as const), place: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ type: fc.constant('place' as const), place: fc.integer({ min: 1, max: 9 }), answer: fc.integer({ min: 0, max: 9 }) }),
  fc.constant<RankingAction>({ type: 'toggleAside' }),
  fc.constant<RankingAction>({ type: 'clear' }),
  fc.record({ type: fc.constant('focus' as const), answer: fc.integer({ min: -1, max: 9 }) }),
  fc.constantFrom<RankingAction>({ type: 'move', by: 1 }, { type: 'move', by: -1 }),
  fc.constant<RankingAction>({ type: 'undo' }),
);

describe('whatever is pressed', () => {
  it('places stay within 1..K, focus on an answer, and a complete ranking is a competition ranking', () => {
    fc.assert(
      fc.property(count, fc.array(action, { maxLength: 60 }), (k, actions) => {
        const state = actions.reduce(rankingReducer, emptyRanking(k));
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
        const { places } = actions.reduce(rankingReducer, emptyRanking(k));
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
        for (const next of actions.filter((one) => one.type !== 'undo')) {
          const after = rankingReducer(state, next);
          if (after.past.length > state.past.length) {
            const undone = rankingReducer(after, { type: 'undo' });
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
          const state = typed.reduce((now, place) => rankingReducer(now, { type: 'place', place }), emptyRanking(typed.length));
          const order = [...new Set(typed)].sort((a, b) => a - b);
          expect(denseRanks(state.places)).toEqual(typed.map((place) => order.indexOf(place) + 1));
          expect(readiness(state.places).kind).toBe('ready');
        },
      ),
    );
  });
});
