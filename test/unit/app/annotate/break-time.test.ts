import { describe, expect, it } from 'vitest';
import { restoreBreak, startBreak, touchBreak } from '../../../../app/p/[project]/annotate/_panels/break-time';

const minute = 60_000;

describe('the time since the last break', () => {
  it('adds up what was worked, leaves out what was idle, and begins anew after five minutes away', () => {
    let state = startBreak(0);
    for (let at = minute; at <= 30 * minute; at += minute) state = touchBreak(state, at);
    expect(state.activeMs).toBe(30 * minute);
    state = touchBreak(state, 33 * minute);
    expect(state.activeMs).toBe(30 * minute);
    state = touchBreak(state, 34 * minute);
    expect(state.activeMs).toBe(31 * minute);
    expect(touchBreak(state, 39 * minute)).toEqual(startBreak(39 * minute));
  });

  it('is remembered over a reload, but not over a break, a clock set back or what is no state', () => {
    const state = touchBreak(startBreak(0), minute);
    expect(restoreBreak(JSON.stringify(state), 2 * minute)).toEqual(state);
    expect(restoreBreak(JSON.stringify(state), 6 * minute)).toEqual(startBreak(6 * minute));
    expect(restoreBreak(JSON.stringify({ ...state, last: 9 * minute }), 2 * minute)).toEqual(startBreak(2 * minute));
    for (const broken of [null, '', '{', '7', '{"since":1}']) expect(restoreBreak(broken, 5)).toEqual(startBreak(5));
  });
});
