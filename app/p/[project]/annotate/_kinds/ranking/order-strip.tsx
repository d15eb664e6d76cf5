'use client';

import { Fragment } from 'react';
import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../../_components/ui/icon';
import { useNames } from '../../_components/use-words';
import { answerName } from '../../_state/answer-name';
import styles from '../../annotate.module.css';
import type { Drag } from './drag';
import { groups, setAside, undecided } from './places';
import { useRanking } from './use-ranking';

/** The order so far, best first. What has no place stands behind the line, never in a last place. */
export function OrderStrip({ touch, onGrip }: { touch?: boolean; onGrip: Drag['start'] }) {
  const t = useTranslations('annotate.strip');
  const names = useNames();
  const { places } = useRanking().state;
  const order = groups(places);
  const open = undecided(places);
  const aside = setAside(places);
  return (
    <section className={styles.strip} aria-label={t('label')} data-order>
      {!touch && <span className={`sm dim ${styles.stripLabel}`}>{t('bestFirst')}</span>}
      {order.map((group, index) => (
        <Fragment key={group.place}>
          {index > 0 && <Icon name="right" className={styles.then} />}
          <span className={styles.slot} data-slot={group.answers.join(' ')}>
            <span className="rank s">{group.place}</span>
            {group.answers.map((answer, position) => (
              <Fragment key={answer}>
                {position > 0 && <span className="dim">=</span>}
                <span className={styles.gripped} data-grip onPointerDown={(event) => onGrip(event, answer)}>
                  {touch && <Icon name="dots" />}
                  <b>{answerName(answer)}</b>
                </span>
              </Fragment>
            ))}
          </span>
        </Fragment>
      ))}
      {order.length > 0 && open.length + aside.length > 0 && !touch && <span className="sep" />}
      {open.length > 0 && (
        <span className={`${styles.slot} ${styles.open}`}>
          {touch ? (
            t('openShort', { names: names(open) })
          ) : (
            <>
              <span className="rank s none">–</span>
              {t('open', { count: open.length, names: names(open) })}
            </>
          )}
        </span>
      )}
      {aside.length > 0 && (
        <span className={touch ? styles.asideNote : `${styles.slot} ${styles.aside}`}>
          {touch ? (
            <Icon name="ban" />
          ) : (
            <span className="rank s aside">
              <Icon name="ban" />
            </span>
          )}
          {t('aside', { names: names(aside) })}
        </span>
      )}
    </section>
  );
}
