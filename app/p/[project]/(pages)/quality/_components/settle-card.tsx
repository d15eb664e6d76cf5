'use client';

import Link from 'next/link';
import { useTranslations } from 'use-intl/react';
import styles from './quality.module.css';

interface Props {
  slug: string;
  open: number;
  items: readonly { readonly taskId: string; readonly prompt: string; readonly labels: number }[];
  /** Whether the reader may settle them himself. */
  may: boolean;
}

/** The way to the review: what people disagree on most. It says nothing of what they said. */
export function SettleCard({ slug, open, items, may }: Props) {
  const t = useTranslations('quality');
  return (
    <section className="card">
      <div className="head">
        <h2>{t('settle.title')}</h2>
        <span className="chip">{t('settle.count', { n: open })}</span>
      </div>
      {items.length === 0 ? (
        <p className="sm ink2">{may ? t('settle.none') : t('settle.noRole')}</p>
      ) : (
        <>
          <p className={styles.lead}>{t('settle.text')}</p>
          {items.map(({ taskId, prompt, labels }) => (
            <div key={taskId} className={styles.item}>
              <span className={`b ${styles.question}`}>
                <bdi>{prompt}</bdi>
              </span>
              <span className="sm dim nowrap">{t('settle.labels', { n: labels })}</span>
            </div>
          ))}
          <div className="row wrap" style={{ paddingTop: 'var(--s-2)', borderTop: '1px solid var(--line)' }}>
            <Link className="btn primary lg" href={`/p/${slug}/review`}>
              {t('settle.do')}
            </Link>
          </div>
        </>
      )}
    </section>
  );
}
