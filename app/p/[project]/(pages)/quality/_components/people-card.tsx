'use client';

import Link from 'next/link';
import { useTranslations } from 'use-intl/react';
import type { Estimate } from '#lib/domain/statistics/estimate';
import type { PersonRow } from '#lib/services/quality/get-quality-report';
import { Help } from '../../../../../_components/ui/help';
import { Icon } from '../../../../../_components/ui/icon';
import { Trend } from './interval-bar';
import styles from './quality.module.css';
import { ScrollRegion } from './scroll-region';
import { useFigures } from './use-figures';

interface Props {
  slug: string;
  rows: readonly PersonRow[];
  drifting: readonly string[];
  namesShown: boolean;
}

const few = 20;
const shownPeople = 50;

/** What can be said of each person's labels; too few are said to be too few. */
export function PeopleCard({ slug, rows, drifting, namesShown }: Props) {
  const t = useTranslations('quality');
  const figures = useFigures();
  const enough = (estimate: Estimate) => (estimate.defined && estimate.n >= few ? estimate : null);
  const columns = ['gold', 'repeats', 'peers', 'first'] as const;
  return (
    <section className="card">
      <div className="head">
        <h2>{t('people.title')}</h2>
        {!namesShown && <span className="sm dim">{t('people.hidden')}</span>}
        <span className="grow" />
        <Link className="sm" href={`/p/${slug}/people`}>
          {t('people.all')}
        </Link>
      </div>
      <ScrollRegion label={t('people.title')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('people.person')}</th>
              <th scope="col" className="n">
                {t('people.done')}
              </th>
              {columns.map((column) => (
                <th key={column} scope="col" className="n">
                  <Help text={t(`people.${column}Help`)}>{t(`people.${column}`)}</Help>
                </th>
              ))}
              <th scope="col" className="n">
                {t('people.longer')}
              </th>
              <th scope="col" className="n">
                {t('people.median')}
              </th>
              <th scope="col">{t('people.trend')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shownPeople).map((row) => (
              <tr key={row.userId}>
                <th scope="row" className={styles.name}>
                  <bdi>{row.name ?? row.label}</bdi>
                </th>
                <td className="n">{figures.count(row.done)}</td>
                <Share estimate={row.gold} none={t('people.notYet')} />
                <Share estimate={row.repeats} none={t('people.notYet')} />
                <Share estimate={row.peers} none={t('people.few')} />
                <Share estimate={row.position.share} none={t('people.few')} />
                <Share estimate={row.longerWins} none={t('people.few')} />
                <td className="n">{row.medianMs === null ? '–' : figures.time(row.medianMs)}</td>
                <td>
                  {row.trend.length > 1 && (
                    <Trend
                      values={row.trend}
                      warn={drifting.includes(row.userId)}
                      label={t('people.trendLabel', { from: figures.share(row.trend[0] ?? 0), to: figures.share(row.trend.at(-1) ?? 0) })}
                    />
                  )}
                </td>
                <td className="right">
                  <Marks row={row} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );

  function Share({ estimate, none }: { estimate: Estimate; none: string }) {
    const shown = enough(estimate);
    if (!shown) return <td className="n dim nowrap">{estimate.n > 0 ? `${t('people.few')} (${estimate.n})` : none}</td>;
    return (
      <td className="n nowrap">
        <span className="b">{figures.share(shown.value)}</span>
        <span className={styles.aside}>{figures.range(shown)}</span>
      </td>
    );
  }

  function Marks({ row }: { row: PersonRow }) {
    const fast = row.tooFast.defined && row.tooFast.low > 0.02;
    return (
      <span className="row" style={{ justifyContent: 'flex-end' }}>
        {row.paused && (
          <span className="chip">
            <Icon name="pause" />
            {t('people.paused')}
          </span>
        )}
        {(['drift', 'place', 'fast'] as const)
          .filter((mark) => (mark === 'drift' ? drifting.includes(row.userId) : mark === 'place' ? row.position.flagged : fast))
          .map((mark) => (
            <span key={mark} className="chip warn">
              <Icon name="warn" />
              {t(`people.${mark}`)}
            </span>
          ))}
        {row.done < few && <span className="chip">{t('people.new')}</span>}
      </span>
    );
  }
}
