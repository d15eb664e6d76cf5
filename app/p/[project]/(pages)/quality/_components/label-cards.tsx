'use client';

import { useTranslations } from 'use-intl/react';
import type { GuidelineRow, QualityReport } from '#lib/domain/quality/quality-report';
import type { Estimate } from '#lib/domain/statistics/estimate';
import { Icon } from '../../../../../_components/ui/icon';
import styles from './quality.module.css';
import { ScrollRegion } from './scroll-region';
import { useFigures } from './use-figures';

/** What decides beside the answer itself: place, length, haste; and how often nothing does. */
export function BiasesCard({ biases }: { biases: QualityReport['biases'] }) {
  const t = useTranslations('quality');
  const figures = useFigures();
  const away = ({ low, high }: { low: number; high: number }) => low > 0.5 || high < 0.5;
  const worth = (name: keyof typeof biases, estimate: Estimate & { defined: true }) =>
    name === 'firstWins' ? away(estimate) : name === 'tooFast' && estimate.low > 0.02;
  return (
    <section className="card">
      <div className="head">
        <h2>{t('biases.title')}</h2>
      </div>
      <ScrollRegion label={t('biases.title')}>
        <table>
          <tbody>
            {(['firstWins', 'longerWins', 'tieRate', 'tooFast'] as const).map((name) => {
              const estimate = biases[name];
              const look = estimate.defined && worth(name, estimate);
              return (
                <tr key={name}>
                  <th scope="row">
                    <span className="row">
                      <Icon name={look ? 'warn' : 'check'} className={look ? 'warn' : 'ok'} />
                      {t(`biases.${name}`)}
                    </span>
                    <span className={styles.aside}>{t(`biases.${name}Note`)}</span>
                  </th>
                  {estimate.defined ? (
                    <>
                      <td className="n b">{figures.share(estimate.value)}</td>
                      <td className="n ink2 nowrap">{figures.range(estimate)}</td>
                      <td className="n dim nowrap">{t('n', { n: estimate.n })}</td>
                    </>
                  ) : (
                    <td colSpan={3} className="n">
                      <span className="chip">{t('undefined', { reason: figures.reason(estimate) })}</span>
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}

/** The versions of the guideline side by side. */
export function GuidelinesCard({ rows }: { rows: readonly GuidelineRow[] }) {
  const t = useTranslations('quality');
  const figures = useFigures();
  return (
    <section className="card">
      <div className="head">
        <h2>{t('guidelines.title')}</h2>
      </div>
      <ScrollRegion label={t('guidelines.title')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('guidelines.version')}</th>
              <th scope="col">{t('guidelines.from')}</th>
              {(['labels', 'agreement', 'ties', 'gold'] as const).map((column) => (
                <th key={column} scope="col" className="n">
                  {t(`guidelines.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.version}>
                <th scope="row">{figures.count(row.version)}</th>
                <td className="nowrap dim">{figures.day(row.from)}</td>
                <td className="n">{figures.count(row.labels)}</td>
                {[row.agreement, row.tieRate, row.gold].map((estimate, index) => (
                  <td key={index} className="n">
                    {estimate.defined ? (
                      <>
                        <span className="b">{figures.share(estimate.value)}</span>{' '}
                        <span className="xs dim nowrap">
                          {figures.range(estimate)}, {t('n', { n: estimate.n })}
                        </span>
                      </>
                    ) : (
                      <span className="dim">{figures.reason(estimate)}</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}
