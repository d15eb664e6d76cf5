'use client';

import { useTranslations } from 'use-intl/react';
import { answerName, readiness, standing } from '../_state/ranking';
import type { ScreenState } from '../_state/screen-state';
import { useScreen } from './annotate-context';
import { useWhy } from './use-why';
import { useNames } from './use-words';

/** Says each place as it is given, and nothing more. */
export function Announcer() {
  const said = useScreen((state) => state.said);
  const open = useScreen((state) => state.current !== null);
  return (
    <div className="hidden-text" aria-live="polite" data-testid="announcer">
      {said !== null && open && <Said key={said.id} said={said} />}
    </div>
  );
}

function Said({ said }: { said: NonNullable<ScreenState['said']> }) {
  const t = useTranslations('annotate.said');
  const names = useNames();
  const why = useWhy();
  const places = useScreen((state) => state.current?.ranking.places ?? []);
  const { what } = said;
  const count = places.length;
  const ready = (line: string) => (readiness(places).kind === 'ready' ? t('ready', { what: line }) : line);
  switch (what.kind) {
    case 'placed': {
      const place = places[what.answer];
      if (typeof place !== 'number') return null;
      const is = standing(places, what.answer);
      const name = answerName(what.answer);
      return ready(is.kind === 'tied' ? t('tied', { name, place, count, others: names(is.with) }) : t('placed', { name, place, count }));
    }
    case 'aside':
      return ready(t('aside', { name: answerName(what.answer) }));
    case 'cleared':
      return t('cleared', { name: answerName(what.answer) });
    case 'undone':
      return t('undone');
    case 'waits':
      return why.title;
    case 'noSuchPlace':
      return t('noSuchPlace', { count: what.count });
  }
}
