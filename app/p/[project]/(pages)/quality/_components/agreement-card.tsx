'use client';

import { useTranslations } from 'use-intl/react';
import type { AgreementRow } from '#lib/domain/quality/agreement-rows';
import { Help } from '../../../../../_components/ui/help';
import { Icon } from '../../../../../_components/ui/icon';
import { IntervalBar } from './interval-bar';
import styles from './quality.module.css';
import { ScrollRegion } from './scroll-region';
import { useFigures } from './use-figures';

/** How far people agree on each thing they judge. */
export function AgreementCard({ rows }: { rows: readonly AgreementRow[] }) {
  const t = useTranslations('quality');
  const figures = useFigures();
  return (
    <section className="card">
      <div className="head">
        <h2>{t('agreement.title')}</h2>
        <span className="sm dim">{t('agreement.text')}</span>
      </div>
      <ScrollRegion label={t('agreement.title')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('agreement.what')}</th>
              <th scope="col" className={styles.roomy}>
                <Help text={t('agreement.byHelp')}>{t('agreement.by')}</Help>
              </th>
              <th scope="col" className="n">
                {t('agreement.tasks')}
              </th>
              <th scope="col" className="n">
                {t('agreement.value')}
              </th>
              <th scope="col" className="n">
                {t('agreement.likely')}
              </th>
              <th scope="col" className={`${styles.scale} ${styles.roomy}`}>
                {t('agreement.scale')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={`${row.subject} ${row.label} ${row.measure}`} row={row} />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );

  function Row({ row: { subject, label, measure, scale, estimate } }: { row: AgreementRow }) {
    const as = scale === 'share' ? 'share' : 'coefficient';
    return (
      <tr>
        <th scope="row">
          {t(`agreement.subject.${subject}`, { label: label ?? '' })}
          <span className={`${styles.aside} ${styles.narrow}`}>{t(`agreement.measure.${measure}`)}</span>
        </th>
        <td className={`ink2 ${styles.roomy}`}>
          <Help text={t(`agreement.measureHelp.${measure}`)}>{t(`agreement.measure.${measure}`)}</Help>
        </td>
        <td className="n">{figures.count(estimate.n)}</td>
        {estimate.defined ? (
          <>
            <td className="n b">{as === 'share' ? figures.share(estimate.value) : figures.coefficient(estimate.value)}</td>
            <td className="n ink2 nowrap">{figures.range(estimate, as)}</td>
            <td className={styles.roomy}>{scale === 'corrected' && <IntervalBar estimate={estimate} />}</td>
          </>
        ) : (
          <td colSpan={3}>
            <span className={`chip ${styles.wraps}`}>
              <Icon name="info" />
              {t('undefined', { reason: figures.reason(estimate) })}
            </span>
          </td>
        )}
      </tr>
    );
  }
}
