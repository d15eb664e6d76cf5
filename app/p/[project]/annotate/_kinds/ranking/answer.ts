import type { PartOf } from '#lib/domain/form-parts';
import type { Line } from '../../_state/line';
import type { Missing, PartContext, PartModel } from '../../_state/part-model';
import type { Press } from '../../_state/press';
import {
  ASIDE,
  denseRanks,
  give,
  groups,
  insert,
  nextUndecided,
  type PlaceGroup,
  type Places,
  readiness,
  restorePlaces,
  shift,
  standing,
} from './places';

export interface RankingState {
  readonly places: Places;
  /** Placed last: `=` ties the focused answer with it. */
  readonly last: number | null;
}

/** Without `answer` it is the focused one. */
export type RankingAction =
  | { readonly type: 'place'; readonly place: number; readonly answer?: number }
  | { readonly type: 'toggleAside' | 'clear' | 'tieWithLast'; readonly answer?: number }
  | { readonly type: 'tie'; readonly with: number; readonly answer?: number }
  | { readonly type: 'insert'; readonly at: number; readonly answer?: number }
  | { readonly type: 'shift'; readonly by: 1 | -1; readonly answer?: number };

type Context = PartContext<PartOf<'ranking'>>;

/** Beyond this many the order stands in the strip only. */
const MAX_IN_WORDS = 4;

export const rankingModel: PartModel<PartOf<'ranking'>, RankingState, RankingAction> = {
  open({ task }, kept) {
    const places = isRecord(kept) ? kept : {};
    return { places: restorePlaces(task.responses.map(({ id }) => places[id] ?? null)), last: null };
  },

  restore({ task }, { ranks = {}, aside = [] }) {
    return { places: restorePlaces(task.responses.map(({ id }) => (aside.includes(id) ? ASIDE : (ranks[id] ?? null)))), last: null };
  },

  reduce(scope, action, context) {
    const answer = action.answer ?? scope.at.answer;
    if (scope.state.places[answer] === undefined) return scope;
    const places = decide(scope.state, answer, action, context);
    const moves = action.type === 'place' || action.type === 'toggleAside' || action.type === 'tieWithLast';
    const onward = moves && places[answer] !== null ? (nextUndecided(places, answer) ?? answer) : answer;
    const at = onward === scope.at.answer ? scope.at : { answer: onward, item: 0 };
    if (places === scope.state.places) {
      // Pressing the place that an answer already has changes nothing, but the hand expects to go on to the next one.
      return action.type === 'place' && at !== scope.at ? { state: scope.state, at } : scope;
    }
    return { state: { places, last: typeof places[answer] === 'number' ? answer : scope.state.last }, at };
  },

  draft({ places }, { task }) {
    return Object.fromEntries(task.responses.map(({ id }, answer) => [id, places[answer] ?? null]));
  },

  missing({ places }, { part }) {
    const waits = whyItWaits(places);
    if (waits !== null || part.ties) return waits;
    const equal = groups(places).find(({ answers }) => answers.length > 1)?.answers;
    if (equal === undefined) return null;
    return { title: { key: 'annotate.why.noTies', names: { names: equal } }, todo: { key: 'annotate.why.noTiesDo' } };
  },

  content({ places }, { task }) {
    const ranks: Record<string, number> = {};
    const aside: string[] = [];
    denseRanks(places).forEach((rank, answer) => {
      const id = task.responses[answer]?.id;
      if (id === undefined) return;
      if (rank !== null) ranks[id] = rank;
      else if (places[answer] === ASIDE) aside.push(id);
    });
    return { ranks, aside };
  },

  key(press, { at, state }) {
    return keyOf(press, at.answer, state.places.length);
  },

  said(action, _before, { places }, { task }) {
    if (action.type === 'place' && action.place > places.length)
      return { key: 'annotate.said.noSuchPlace', values: { count: places.length } };
    const answer = action.answer ?? -1;
    const what = lineOf(places, answer, task.responses.length);
    return what !== null && readiness(places).kind === 'ready' ? { key: 'annotate.said.ready', values: { what } } : what;
  },

  summary({ places }) {
    const is = readiness(places);
    return is.kind === 'ready' ? orderLine(is.order, is.aside) : null;
  },
};

/** Only where the places change; else the same object. */
function decide({ places, last }: RankingState, answer: number, action: RankingAction, { part }: Context): Places {
  switch (action.type) {
    case 'place':
      return give(places, answer, action.place);
    case 'toggleAside':
      return part.aside ? give(places, answer, places[answer] === ASIDE ? null : ASIDE) : places;
    case 'clear':
      return give(places, answer, null);
    case 'tieWithLast':
      return last === null || last === answer ? places : give(places, answer, places[last] ?? null);
    case 'tie':
      return typeof places[action.with] === 'number' ? give(places, answer, places[action.with] ?? null) : places;
    case 'insert':
      return insert(places, answer, action.at);
    case 'shift':
      return shift(places, answer, action.by);
  }
}

/** Actions of keys name their answer, so that what is said of them names it too. */
function keyOf(press: Press, answer: number, count: number): RankingAction | null {
  if (press.type === 'digit') return press.digit === 0 ? null : { type: 'place', place: press.digit, answer };
  if (press.type === 'erase') return { type: 'clear', answer };
  if (press.type === 'mark') return press.mark === '=' ? { type: 'tieWithLast', answer } : null;
  if (press.type === 'letter') return press.letter === 'x' ? { type: 'toggleAside', answer } : null;
  if (press.type === 'arrow' && press.shift && count > 1) {
    if (press.to === 'up') return { type: 'shift', by: -1, answer };
    if (press.to === 'down') return { type: 'shift', by: 1, answer };
  }
  return null;
}

function whyItWaits(places: Places): Missing | null {
  const is = readiness(places);
  const count = places.length;
  switch (is.kind) {
    case 'untouched':
      return {
        title:
          count > 2
            ? { key: 'annotate.why.untouched', names: { first: [0], last: [count - 1] } }
            : { key: 'annotate.why.some', names: { names: is.answers } },
        todo: { key: 'annotate.why.untouchedDo', values: { count } },
      };
    case 'undecided':
      return is.answers.length === 1
        ? { title: { key: 'annotate.why.one', names: { name: is.answers } }, todo: { key: 'annotate.why.oneDo', values: { count } } }
        : { title: { key: 'annotate.why.some', names: { names: is.answers } }, todo: { key: 'annotate.why.someDo', values: { count } } };
    case 'allAside':
      return { title: { key: 'annotate.why.allAside', values: { count } }, todo: { key: 'annotate.why.allAsideDo' } };
    case 'ready':
      return null;
  }
}

function orderLine(order: readonly PlaceGroup[], aside: readonly number[]): Line {
  if (order.length + (aside.length > 0 ? 1 : 0) > MAX_IN_WORDS)
    return { key: 'annotate.why.readyMany', values: { count: order.reduce((sum, { answers }) => sum + answers.length, aside.length) } };
  const line = order
    .map(
      ({ answers }): Line =>
        answers.length > 1
          ? { key: 'annotate.why.equal', names: { names: answers } }
          : { key: 'annotate.why.name', names: { name: answers } },
    )
    .reduce((before, next) => ({ key: 'annotate.why.then', values: { before, next } }));
  return aside.length > 0 ? { key: 'annotate.why.leftOut', values: { order: line }, names: { names: aside } } : line;
}

function lineOf(places: Places, answer: number, count: number): Line | null {
  const is = standing(places, answer);
  const place = places[answer];
  if (is.kind === 'open') return { key: 'annotate.said.cleared', names: { name: [answer] } };
  if (is.kind === 'aside') return { key: 'annotate.said.aside', names: { name: [answer] } };
  if (typeof place !== 'number') return null;
  const others = is.kind === 'tied' ? is.with : [];
  const values = { place, count };
  if (others.length > 0) return { key: 'annotate.said.tied', values, names: { name: [answer], others } };
  return { key: 'annotate.said.placed', values, names: { name: [answer] } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
