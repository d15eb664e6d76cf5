'use client';

import { usePart } from '../../_components/annotate-context';
import type { RankingAction, RankingState } from './answer';

export function useRanking() {
  return usePart<RankingState, RankingAction, 'ranking'>('ranking');
}
