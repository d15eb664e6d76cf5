import type { ComponentType } from 'react';
import type { TaskKind } from '#lib/domain/forms';
import { late } from '../../../../_components/late';
import RankingView from './ranking/view';

/** What a kind looks like below the bar. Ranking comes with the page; every other kind when its first task does. */
const views: { readonly [K in TaskKind]?: ComponentType<{ phone: boolean }> } = {
  RANKING: RankingView,
  PAIRWISE: late(() => import('./pairwise/view')),
  RATING: late(() => import('./rating/view')),
  FLAGS: late(() => import('./flags/view')),
  DEMONSTRATION: late(() => import('./demonstration/view')),
  CORRECTION: late(() => import('./correction/view')),
  SPAN: late(() => import('./span/view')),
  CHAT: late(() => import('./chat/view')),
};

export function viewOf(kind: TaskKind): ComponentType<{ phone: boolean }> {
  const view = views[kind];
  if (view === undefined) throw new Error(`This page has no view of ${kind}`);
  return view;
}
