'use client';

import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl/react';
import styles from '../annotate.module.css';
import { useAnnotate } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';

/** A sheet over the lower part of one answer: its title, a way out, what is asked. */
export function SheetFrame({ title, labelFor, children }: { title: string; labelFor?: string; children: ReactNode }) {
  const t = useTranslations('annotate.sheets');
  const { store } = useAnnotate();
  return (
    <section className={styles.sheet} aria-label={title}>
      <header className="row">
        {labelFor === undefined ? (
          <h2 className="grow">{title}</h2>
        ) : (
          <label className="grow b" htmlFor={labelFor}>
            {title}
          </label>
        )}
        <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={() => store.openSheet(null)}>
          {t('close')}
          <KeyCap>Esc</KeyCap>
        </button>
      </header>
      <div className={styles.sheetBody}>{children}</div>
    </section>
  );
}
