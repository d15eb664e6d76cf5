import { type ComponentType, lazy } from 'react';
import type { TaskKind } from '#lib/domain/forms';
import RankingView from './ranking/view';

/** What a kind looks like below the bar. Ranking comes with the page; every other kind when its first task does. */
const views: { readonly [K in TaskKind]?: ComponentType<{ phone: boolean }> } = {
  RANKING: RankingView,
  PAIRWISE: lazy(() => import('./pairwise/view')),
  RATING: lazy(() => import('./rating/view')),
  FLAGS: lazy(() => import('./flags/view')),
  DEMONSTRATION: lazy(() => import('./demonstration/view')),
  CORRECTION: lazy(() => import('./correction/view')),
  SPAN: lazy(() => import('./span/view')),
  CHAT: lazy(() => import('./chat/view')),
};

export function viewOf(kind: TaskKind): ComponentType<{ phone: boolean }> {
  const view = views[kind];
  if (view === undefined) throw new Error(`This page has no view of ${kind}`);
  return view;
}
