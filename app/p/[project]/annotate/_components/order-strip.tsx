'use client';

import { Fragment } from 'react';
import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import { answerName, groups, setAside, undecided } from '../_state/ranking';
import styles from '../annotate.module.css';
import { useTask } from './annotate-context';
import { useNames } from './use-words';

/** The order so far, best first. What has no place stands behind the line, never in a last place. */
export function OrderStrip({ touch }: { touch?: boolean }) {
  const t = useTranslations('annotate.strip');
  const names = useNames();
  const { places } = useTask().ranking;
  const order = groups(places);
  const open = undecided(places);
  const aside = setAside(places);
  return (
    <section className={styles.strip} aria-label={t('label')}>
      {!touch && <span className={`sm dim ${styles.stripLabel}`}>{t('bestFirst')}</span>}
      {order.map((group, index) => (
        <Fragment key={group.place}>
          {index > 0 && <Icon name="right" className={styles.then} />}
          <span className={styles.slot}>
            <span className="rank s">{group.place}</span>
            {group.answers.map((answer, position) => (
              <Fragment key={answer}>
                {position > 0 && <span className="dim">=</span>}
                <b>{answerName(answer)}</b>
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
