/**
 * The places that answers have on the screen. Pure: no React, no time, no network.
 *
 * Answers are numbered 0..K-1 in display order. A place is the number a person typed. While an answer is still undecided the
 * numbers stay as typed, so that `3 1 4 2` means what it says; as soon as every answer is placed or set aside, gaps close and
 * places become competition places (1, 2=, 2=, 4). What is stored is dense (1, 2, 2, 3): see `denseRanks`.
 */

export const ASIDE = 'aside';

/** A number 1..K as typed or as counted, set aside, or null: undecided. Never derived from the display order. */
export type Place = number | typeof ASIDE | null;

export type Places = readonly Place[];

const MAX_ANSWERS = 9;

export function noPlaces(count: number): Places {
  if (!Number.isInteger(count) || count < 1 || count > MAX_ANSWERS)
    throw new RangeError(`A ranking holds 1 to ${MAX_ANSWERS} answers, not ${count}`);
  return Array.from({ length: count }, () => null);
}

/** Places read back: any that does not fit is dropped. */
export function restorePlaces(values: readonly unknown[]): Places {
  return closeGaps(noPlaces(values.length).map((_, index) => (isPlace(values[index], values.length) ? values[index] : null)));
}

/** The same places where the answer has this one already, or where it cannot have it. */
export function give(places: Places, answer: number, place: Place): Places {
  if (!isAnswer(answer, places.length) || !isPlace(place, places.length) || places[answer] === place) return places;
  return closeGaps(places.map((old, index) => (index === answer ? place : old)));
}

/** The answer alone in a place of its own, before the group that stands at `index` of the order; groups are counted as people count. */
export function insert(places: Places, answer: number, index: number): Places {
  if (!isAnswer(answer, places.length)) return places;
  const order = groups(places).map((group) => group.answers.filter((other) => other !== answer));
  order.splice(Math.max(0, Math.min(index, order.length)), 0, [answer]);
  const placed = places.map((place, other) => (other === answer ? 1 : place));
  let better = 0;
  for (const group of order) {
    for (const other of group) placed[other] = better + 1;
    better += group.length;
  }
  return placed.every((place, other) => place === places[other]) ? places : placed;
}

/** One place better or worse: out of a tie, or past the group that stands there. */
export function shift(places: Places, answer: number, by: 1 | -1): Places {
  const order = groups(places);
  const at = order.findIndex((group) => group.answers.includes(answer));
  if (at < 0) return places;
  if ((order[at]?.answers.length ?? 0) > 1) return insert(places, answer, by < 0 ? at : at + 1);
  const beyond = order[at + by];
  return beyond === undefined ? places : insert(places, answer, by < 0 ? at - 1 : at + 2);
}

/** The next undecided answer after `from`, wrapping round; null when all are decided. */
export function nextUndecided(places: Places, from: number): number | null {
  for (let step = 1; step <= places.length; step += 1) {
    const index = (from + step + places.length) % places.length;
    if (places[index] === null) return index;
  }
  return null;
}

/** Competition places once nothing is undecided; before that the numbers stand as typed. */
function closeGaps(places: Places): Places {
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

/** Answers with the same place, best first. */
export interface PlaceGroup {
  readonly place: number;
  readonly answers: readonly number[];
}

export function groups(places: Places): PlaceGroup[] {
  const byPlace = new Map<number, number[]>();
  places.forEach((place, answer) => {
    if (typeof place === 'number') byPlace.set(place, [...(byPlace.get(place) ?? []), answer]);
  });
  return [...byPlace].sort(([a], [b]) => a - b).map(([place, answers]) => ({ place, answers }));
}

export function undecided(places: Places): number[] {
  return places.flatMap((place, answer) => (place === null ? [answer] : []));
}

export function setAside(places: Places): number[] {
  return places.flatMap((place, answer) => (place === ASIDE ? [answer] : []));
}

/** Dense ranks, 1 = best, equal = tie; null for what is set aside or undecided. */
export function denseRanks(places: Places): (number | null)[] {
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

export function standing(places: Places, answer: number): Standing {
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

export function readiness(places: Places): Readiness {
  const open = undecided(places);
  if (open.length === places.length) return { kind: 'untouched', answers: open };
  if (open.length > 0) return { kind: 'undecided', answers: open };
  const order = groups(places);
  if (order.length === 0) return { kind: 'allAside', answers: setAside(places) };
  return { kind: 'ready', order, aside: setAside(places) };
}
