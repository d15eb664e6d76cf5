'use client';

import { type ReactNode, useEffect, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { isContentCategory } from '#lib/domain/content-categories';
import { useAnnotate, useScreen } from '../_components/annotate-context';
import { KeyCap } from '../_components/key-cap';
import { useOwnSettings } from './own-settings';
import styles from './panels.module.css';

/** Keys that do their work while a task is blurred: skip, guideline, all keys; none that judges what is not seen. */
const passing = new Set(['s', 'g', '?', 'Tab', 'Escape']);

/** The task blurred, and out of reach of keys and screen readers, until the person asks to see it. */
export function Veil({ children }: { children: ReactNode }) {
  const { preferences } = useAnnotate();
  const own = useOwnSettings();
  const task = useScreen((state) => state.current?.view ?? null);
  const panel = useScreen((state) => state.panel);
  const [shown, setShown] = useState<string | null>(null);
  const blur = own?.preferences.blur ?? 'none';
  const wanted = task !== null && (blur === 'all' || (blur === 'flagged' && task.contentFlags.length > 0));
  const veiled = wanted && shown !== task.assignmentId;
  const id = task?.assignmentId ?? null;
  useEffect(() => {
    if (!veiled) return;
    function hear(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || isInControl(event.target)) return;
      if (event.key.toLowerCase() === 'b' && preferences.singleKeys) setShown(id);
      else if (passing.has(event.key) || passing.has(event.key.toLowerCase())) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    window.addEventListener('keydown', hear, { capture: true });
    return () => window.removeEventListener('keydown', hear, { capture: true });
  }, [veiled, id, preferences.singleKeys]);
  return (
    <>
      <div className={veiled ? styles.veiled : styles.clear} inert={veiled}>
        {children}
      </div>
      {veiled && panel !== 'guideline' && <VeilCard flags={task.contentFlags} show={() => setShown(id)} />}
    </>
  );
}

function isInControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('dialog, [popover], button, a, input, textarea, select') !== null;
}

function VeilCard({ flags, show }: { flags: readonly string[]; show: () => void }) {
  const t = useTranslations('contact.blurred');
  const named = useTranslations('mine.settings');
  const actions = useTranslations('annotate.do');
  const { store, preferences } = useAnnotate();
  const list = [...new Set(flags.map((flag) => (isContentCategory(flag) ? named(`category.${flag}`) : named('otherCategory'))))].join(', ');
  return (
    <section className={`card ${styles.veilCard}`} aria-live="polite">
      <h2>{t('title')}</h2>
      <p className="ink2">
        {flags.length > 0 && `${t('marked', { list })}. `}
        {t('all')}
      </p>
      <div className="row wrap">
        <button type="button" className="btn primary" onClick={show}>
          {t('show')}
          {preferences.singleKeys && <KeyCap>B</KeyCap>}
        </button>
        <button type="button" className="btn" onClick={() => store.open('skip')}>
          {actions('skip')}
          {preferences.singleKeys && <KeyCap>S</KeyCap>}
        </button>
      </div>
    </section>
  );
}
