'use client';

import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { ArenaView } from '#lib/services/arena/get-arena';
import { Help } from '../../../../../_components/ui/help';

export function ArenaTable({ models, slug }: { models: ArenaView['models']; slug: string }) {
  const t = useTranslations('arena');
  const format = useFormatter();
  const points = (value: number) => format.number(value, { maximumFractionDigits: 0 });
  const share = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col" className="n">
              <Help text={t('table.rankHelp')}>{t('table.rank')}</Help>
            </th>
            <th scope="col">{t('table.model')}</th>
            <th scope="col" className="n">
              <Help text={t('rating.help')}>{t('table.rating')}</Help>
            </th>
            <th scope="col" className="n">
              {t('table.interval')}
            </th>
            <th scope="col" className="n">
              <Help text={t('table.winsHelp')}>{t('table.wins')}</Help>
            </th>
            <th scope="col" className="n">
              {t('table.n')}
            </th>
            <th scope="col" className="n">
              <Help text={t('table.eloHelp')}>{t('table.elo')}</Help>
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map(({ id, name, rank, rating, wins, elo }) => (
            <tr key={id}>
              <td className="n">{rank ?? '–'}</td>
              <th scope="row" className="anywhere">
                <Link href={`/p/${slug}/models/${id}`}>
                  <bdi>{name}</bdi>
                </Link>
              </th>
              <td className="n b">{rating.defined ? points(rating.value) : '–'}</td>
              <td className="n nowrap">{rating.defined ? `${points(rating.low)}–${points(rating.high)}` : '–'}</td>
              <td className="n">{wins.rate.defined ? share(wins.rate.value) : '–'}</td>
              <td className="n">{format.number(wins.wins + wins.losses + wins.ties)}</td>
              <td className="n ink2">{points(elo)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
