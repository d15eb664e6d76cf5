/**
 * The ranking being built on the screen. Pure: no React, no time, no network.
 *
 * Answers are numbered 0..K-1 in display order. A place is the number a person typed. While an answer is still undecided the
 * numbers stay as typed, so that `3 1 4 2` means what it says; as soon as every answer is placed or set aside, gaps close and
 * places become competition places (1, 2=, 2=, 4). What is stored is dense (1, 2, 2, 3): see `denseRanks`.
 */

export const ASIDE = 'aside';

/** A number 1..K as typed or as counted, set aside, or null: undecided. Never derived from the display order. */
export type Place = number | typeof ASIDE | null;

export interface RankingState {
  readonly places: readonly Place[];
  readonly focus: number;
  /** States before each change, oldest first. */
  readonly past: readonly Moment[];
}

interface Moment {
  readonly places: readonly Place[];
  readonly focus: number;
}

export type RankingAction =
  | { readonly type: 'place'; readonly place: number; readonly answer?: number }
  | { readonly type: 'toggleAside'; readonly answer?: number }
  | { readonly type: 'clear'; readonly answer?: number }
  | { readonly type: 'focus'; readonly answer: number }
  | { readonly type: 'move'; readonly by: 1 | -1 }
  | { readonly type: 'undo' };

const MAX_ANSWERS = 9;
const MAX_UNDO = 200;

export function emptyRanking(count: number): RankingState {
  if (!Number.isInteger(count) || count < 1 || count > MAX_ANSWERS)
    throw new RangeError(`A ranking holds 1 to ${MAX_ANSWERS} answers, not ${count}`);
  return { places: Array.from({ length: count }, () => null), focus: 0, past: [] };
}

/** A draft read back: anything that does not fit this task is dropped, so that a stale draft cannot invent a judgement. */
export function restoreRanking(count: number, draft: unknown): RankingState {
  const empty = emptyRanking(count);
  if (typeof draft !== 'object' || draft === null || !('places' in draft) || !Array.isArray(draft.places)) return empty;
  if (draft.places.length !== count) return empty;
  const places: Place[] = draft.places.map((value: unknown) => (isPlace(value, count) ? value : null));
  const focus = 'focus' in draft && isAnswer(draft.focus, count) ? draft.focus : (firstUndecided(places, -1) ?? 0);
  return { places: closeGaps(places), focus, past: [] };
}

export function rankingReducer(state: RankingState, action: RankingAction): RankingState {
  switch (action.type) {
    case 'place':
      return decide(state, action.answer ?? state.focus, action.place);
    case 'toggleAside': {
      const answer = action.answer ?? state.focus;
      return decide(state, answer, state.places[answer] === ASIDE ? null : ASIDE);
    }
    case 'clear':
      return decide(state, action.answer ?? state.focus, null);
    case 'focus':
      return isAnswer(action.answer, state.places.length) ? withFocus(state, action.answer) : state;
    case 'move':
      return withFocus(state, Math.min(state.places.length - 1, Math.max(0, state.focus + action.by)));
    case 'undo': {
      const before = state.past.at(-1);
      return before === undefined ? state : { places: before.places, focus: before.focus, past: state.past.slice(0, -1) };
    }
  }
}

function decide(state: RankingState, answer: number, place: Place): RankingState {
  const count = state.places.length;
  if (!isAnswer(answer, count) || !isPlace(place, count)) return state;
  // Pressing the place that an answer already has changes nothing, but the hand expects to go on to the next one.
  const unchanged = state.places[answer] === place;
  const places = unchanged ? state.places : closeGaps(state.places.map((old, index) => (index === answer ? place : old)));
  const focus = place === null ? answer : (firstUndecided(places, answer) ?? answer);
  if (unchanged) return withFocus(state, focus);
  return { places, focus, past: [...state.past, { places: state.places, focus: state.focus }].slice(-MAX_UNDO) };
}

/** The next undecided answer after `from`, wrapping round; null when all are decided. */
function firstUndecided(places: readonly Place[], from: number): number | null {
  for (let step = 1; step <= places.length; step += 1) {
    const index = (from + step + places.length) % places.length;
    if (places[index] === null) return index;
  }
  return null;
}

function withFocus(state: RankingState, focus: number): RankingState {
  return focus === state.focus ? state : { ...state, focus };
}

/** Competition places once nothing is undecided; before that the numbers stand as typed. */
function closeGaps(places: readonly Place[]): readonly Place[] {
  if (places.includes(null)) return places;
  return places.map((place) =>
    typeof place === 'number' ? 1 + places.filter((other) => typeof other === 'number' && other < place).length : place,
  );
}

function isPlace(value: unknown, count: number): value is Place {
  return value === null || value === ASIDE || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= count);
}

function isAnswer(value: unknown, count: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < count;
}

// ---------------------------------------------------------------- reading the state

/** Display name of an answer: A, B, C ... in display order. */
export function answerName(answer: number): string {
  return String.fromCharCode(65 + answer);
}

/** Answers with the same place, best first. */
export interface PlaceGroup {
  readonly place: number;
  readonly answers: readonly number[];
}

export function groups(places: readonly Place[]): PlaceGroup[] {
  const byPlace = new Map<number, number[]>();
  places.forEach((place, answer) => {
    if (typeof place === 'number') byPlace.set(place, [...(byPlace.get(place) ?? []), answer]);
  });
  return [...byPlace].sort(([a], [b]) => a - b).map(([place, answers]) => ({ place, answers }));
}

export function undecided(places: readonly Place[]): number[] {
  return places.flatMap((place, answer) => (place === null ? [answer] : []));
}

export function setAside(places: readonly Place[]): number[] {
  return places.flatMap((place, answer) => (place === ASIDE ? [answer] : []));
}

/** Dense ranks, 1 = best, equal = tie; null for what is set aside or undecided. */
export function denseRanks(places: readonly Place[]): (number | null)[] {
  const order = groups(places).map((group) => group.place);
  return places.map((place) => (typeof place === 'number' ? order.indexOf(place) + 1 : null));
}

/** What stands beside an answer's name. */
export type Standing =
  | { readonly kind: 'open' }
  | { readonly kind: 'aside' }
  | { readonly kind: 'best'; readonly final: boolean }
  | { readonly kind: 'tied'; readonly with: readonly number[] }
  | { readonly kind: 'after'; readonly answers: readonly number[] }
  | { readonly kind: 'placed'; readonly place: number };

export function standing(places: readonly Place[], answer: number): Standing {
  const place = places[answer] ?? null;
  if (place === null) return { kind: 'open' };
  if (place === ASIDE) return { kind: 'aside' };
  const order = groups(places);
  const index = order.findIndex((group) => group.place === place);
  const equals = (order[index]?.answers ?? []).filter((other) => other !== answer);
  if (equals.length > 0) return { kind: 'tied', with: equals };
  if (place === 1) return { kind: 'best', final: !places.includes(null) };
  const before = order[index - 1];
  return before === undefined ? { kind: 'placed', place } : { kind: 'after', answers: before.answers };
}

/** Why Submit waits, or that it does not. Screens turn `kind` into words. */
export type Readiness =
  | { readonly kind: 'ready'; readonly order: readonly PlaceGroup[]; readonly aside: readonly number[] }
  | { readonly kind: 'untouched'; readonly answers: readonly number[] }
  | { readonly kind: 'undecided'; readonly answers: readonly number[] }
  | { readonly kind: 'allAside'; readonly answers: readonly number[] };

export function readiness(places: readonly Place[]): Readiness {
  const open = undecided(places);
  if (open.length === places.length) return { kind: 'untouched', answers: open };
  if (open.length > 0) return { kind: 'undecided', answers: open };
  const order = groups(places);
  if (order.length === 0) return { kind: 'allAside', answers: setAside(places) };
  return { kind: 'ready', order, aside: setAside(places) };
}
