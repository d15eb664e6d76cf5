'use client';

import { useTranslations } from 'use-intl/react';
import type { DwellRow } from '#lib/domain/quality/dwell-rows';
import { Help } from '../../../../../_components/ui/help';
import styles from './quality.module.css';
import { ScrollRegion } from './scroll-region';
import { useFigures } from './use-figures';

/** How long tasks of each kind take, and how many were answered faster than they can be read. */
export function DwellCard({ rows }: { rows: readonly DwellRow[] }) {
  const t = useTranslations('quality');
  const kinds = useTranslations('mine');
  const figures = useFigures();
  return (
    <section className="card">
      <div className="head">
        <h2>{t('dwell.title')}</h2>
        <span className="sm dim">{t('dwell.text')}</span>
      </div>
      <ScrollRegion label={t('dwell.title')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('dwell.kind')}</th>
              <th scope="col" className="n">
                {t('guidelines.labels')}
              </th>
              <th scope="col" className="n">
                {t('people.median')}
              </th>
              <th scope="col" className="n">
                <Help text={t('dwell.middleHelp')}>{t('dwell.middle')}</Help>
              </th>
              <th scope="col" className="n">
                <Help text={t('dwell.floorHelp')}>{t('dwell.floor')}</Help>
              </th>
              <th scope="col" className="n">
                {t('dwell.under')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ kind, labels, times, floorMs, tooFast }) => (
              <tr key={kind}>
                <th scope="row">{kinds(`kindName.${kind}` as Parameters<typeof kinds>[0])}</th>
                <td className="n">{figures.count(labels)}</td>
                <td className="n b">{times ? figures.time(times.median) : '–'}</td>
                <td className="n ink2 nowrap">
                  {times ? t('likely', { low: figures.time(times.lowerQuartile), high: figures.time(times.upperQuartile) }) : '–'}
                </td>
                <td className="n ink2 nowrap">{figures.seconds(floorMs)}</td>
                <td className="n nowrap">
                  {tooFast.defined ? (
                    <>
                      <span className="b">{figures.share(tooFast.value)}</span>
                      <span className={styles.aside}>{figures.range(tooFast)}</span>
                    </>
                  ) : (
                    <span className="dim">{figures.reason(tooFast)}</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}
