'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen, useTask } from './annotate-context';
import { KeyCap } from './key-cap';
import { OrderStrip } from './order-strip';
import { keepFocus, PlaceButtons } from './place-buttons';
import { canMark } from './use-differences';
import { useWhy } from './use-why';

/** The action foot: the order so far, what can be done, and why Submit waits. Its places are fixed. */
export function Foot() {
  const t = useTranslations('annotate.do');
  const { store, preferences } = useAnnotate();
  const { ranking } = useTask();
  const differences = useScreen((state) => state.differences);
  const why = useWhy();
  const keys = preferences.singleKeys;
  return (
    <footer className={`${styles.foot} ${ranking.places.length > 4 ? styles.tall : ''}`}>
      <OrderStrip />
      <div className={styles.tools}>
        {canMark() && (
          <button
            type="button"
            className="btn quiet"
            aria-pressed={differences}
            onMouseDown={keepFocus}
            onClick={() => store.toggle('differences')}
          >
            <Icon name={differences ? 'box-on' : 'box'} />
            {t('differences')}
            {keys && <KeyCap>W</KeyCap>}
          </button>
        )}
        <UndoButton />
        <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={() => store.open('skip')}>
          {t('skip')}
          {keys && <KeyCap>S</KeyCap>}
        </button>
      </div>
      <span className={`sep ${styles.tallSep}`} />
      <span className={`sm ${styles.why}`} id="why">
        <b>{why.title}</b>
        <span className="ink2">{why.detail}</span>
      </span>
      <SubmitButton ready={why.ready} showKey />
    </footer>
  );
}

/** Everything to decide, within reach of a thumb. */
export function Thumb() {
  const t = useTranslations('annotate');
  const { ranking } = useTask();
  const why = useWhy();
  const count = ranking.places.length;
  return (
    <footer className={styles.thumb}>
      <OrderStrip touch />
      <div className={`${styles.places} ${count > 4 ? styles.manyPlaces : ''}`} style={{ '--count': count } as React.CSSProperties}>
        <PlaceButtons answer={ranking.focus} touch />
      </div>
      <div className="row">
        <UndoButton icon />
        <SubmitButton ready={why.ready} />
      </div>
      <p className={`sm ink2 ${styles.phoneWhy}`} id="why">
        <PhoneWhy />
        <span className="hidden-text">{t('do.submit')}</span>
      </p>
    </footer>
  );
}

function PhoneWhy() {
  const why = useWhy();
  return why.ready ? (
    <>
      {why.title} {why.detail}
    </>
  ) : (
    why.title
  );
}

function SubmitButton({ ready, showKey }: { ready: boolean; showKey?: boolean }) {
  const t = useTranslations('annotate.do');
  const { store } = useAnnotate();
  return (
    <button
      type="button"
      className={`btn lg ${styles.submit} ${ready ? 'primary' : ''}`}
      aria-disabled={!ready}
      aria-describedby="why"
      onMouseDown={keepFocus}
      onClick={() => store.submit()}
    >
      {t('submit')}
      {showKey && <KeyCap>Enter</KeyCap>}
    </button>
  );
}

/** Undo in this task; with nothing to undo, the task that was sent last is taken back. */
export function UndoButton({ icon }: { icon?: boolean }) {
  const t = useTranslations('annotate.do');
  const { store, preferences } = useAnnotate();
  const undoes = useScreen((state) => (state.current?.ranking.past.length ?? 0) > 0);
  const takesBack = useScreen((state) => state.lastSent !== null && !(state.current?.ranking.past.length ?? 0));
  const name = t(takesBack ? 'takeBack' : 'undo');
  return (
    <button
      type="button"
      className={icon ? `btn icon ${styles.undoTouch}` : `btn quiet ${styles.undo}`}
      aria-label={icon ? name : undefined}
      aria-disabled={(!undoes && !takesBack) || undefined}
      onMouseDown={keepFocus}
      onClick={() => store.undo()}
    >
      {icon ? <Icon name="undo" /> : name}
      {!icon && preferences.singleKeys && <KeyCap>Z</KeyCap>}
    </button>
  );
}
