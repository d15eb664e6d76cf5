'use client';

import { useFormatter, useTranslations } from 'use-intl/react';
import type { ArenaView } from '#lib/services/arena/get-arena';

/** Each model against each other: who it beat, and on how many pairs that stands. */
export function WinTable({ models, cells }: Pick<ArenaView, 'models' | 'cells'>) {
  const t = useTranslations('arena');
  const format = useFormatter();
  const cellOf = new Map(cells.map((cell) => [`${cell.first} ${cell.second}`, cell]));
  const text = (first: string, second: string) => {
    const cell = cellOf.get(`${first} ${second}`);
    if (!cell) return t('cells.never');
    const n = cell.wins + cell.losses + cell.ties;
    const share = format.number((cell.wins + cell.ties / 2) / n, { style: 'percent', maximumFractionDigits: 0 });
    return t('cells.text', { share, n });
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label={t('cells.caption')}>
      <table>
        <caption className="hidden-text">{t('cells.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('table.model')}</th>
            {models.map(({ id, name }, index) => (
              <th key={id} scope="col" className="n nowrap" title={name} aria-label={`${t('cells.against', { n: index + 1 })}: ${name}`}>
                {t('cells.against', { n: index + 1 })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {models.map((row, index) => (
            <tr key={row.id}>
              <th scope="row" className="anywhere">
                {index + 1}. <bdi>{row.name}</bdi>
              </th>
              {models.map((column) => (
                <td key={column.id} className="n nowrap">
                  {row.id === column.id ? '' : text(row.id, column.id)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
