'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../../_components/ui/icon';
import { ASIDE, groups, type Place } from './places';

/** An answer's place as people count (1, 2=), an empty frame, or set aside. */
export function RankBadge({ places, answer, small }: { places: readonly Place[]; answer: number; small?: boolean }) {
  const t = useTranslations('annotate.badge');
  const place = places[answer] ?? null;
  const size = small ? ' s' : '';
  if (place === null) {
    return (
      <span className={`rank none${size}`} role="img" aria-label={t('open')}>
        –
      </span>
    );
  }
  if (place === ASIDE) {
    return (
      <span className={`rank aside${size}`} role="img" aria-label={t('aside')}>
        <Icon name="ban" />
      </span>
    );
  }
  const tied = (groups(places).find((group) => group.place === place)?.answers.length ?? 1) > 1;
  return (
    <span className={`rank${size}`} role="img" aria-label={t(tied ? 'tied' : 'place', { place })}>
      {place}
      {tied && <small>=</small>}
    </span>
  );
}
