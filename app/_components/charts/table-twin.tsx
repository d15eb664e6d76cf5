'use client';

import { useState } from 'react';
import { useTranslations } from 'use-intl/react';
import styles from './charts.module.css';

interface Props {
  caption: string;
  columns: readonly string[];
  /** Asked for only when the table is opened. */
  rows: () => readonly (readonly string[])[];
}

/** The numbers of a chart as a table, for those who read rather than look. */
export function TableTwin({ caption, columns, rows }: Props) {
  const t = useTranslations('common');
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.twin} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('asTable')}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
        <section tabIndex={0} aria-label={caption}>
          <table>
            <caption className="hidden-text">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column} scope="col" className="n">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row) => (
                <tr key={row[0]}>
                  {row.map((cell, index) => (
                    <td key={columns[index]} className="n">
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
