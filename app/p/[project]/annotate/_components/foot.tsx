'use client';

import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen, useTask } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';
import { SheetButtons } from './sheets';
import { canMark } from './use-differences';
import { useWhy } from './use-why';

interface FootProps {
  /** A row of its own over the others: a scale. */
  above?: ReactNode;
  /** What of the judgement stands at the start: the order so far, a scale, a count. */
  lead: ReactNode;
  /** What can be done besides; undo and skip stand there by themselves. */
  tools?: ReactNode;
  /** The start needs a row of its own, always or where the window is not wide. */
  tall?: boolean;
  longLead?: boolean;
}

/** The action foot: the judgement so far, what can be done, and why Submit waits. Its places are fixed. */
export function KindFoot({ above, lead, tools, tall, longLead }: FootProps) {
  const why = useWhy();
  const besides = useTask().view.form.spec.parts.length > 1;
  return (
    <footer
      className={`${styles.foot} ${longLead ? styles.longLead : ''} ${tall || besides ? styles.tall : ''} ${above ? styles.withRow : ''}`}
    >
      {above && <div className={styles.above}>{above}</div>}
      {lead}
      <div className={styles.tools}>
        {tools}
        <SheetButtons />
        <UndoButton />
        <SkipButton />
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

/** The same within reach of a thumb: what decides first, then undo and Submit, then why it waits. */
export function KindThumb({ children }: { children: ReactNode }) {
  const why = useWhy();
  return (
    <footer className={styles.thumb}>
      {children}
      <div className="row">
        <UndoButton icon />
        <SheetButtons touch />
        <SubmitButton ready={why.ready} />
      </div>
      <p className={`sm ink2 ${styles.phoneWhy}`} id="why">
        {why.title} {why.ready && why.detail}
      </p>
    </footer>
  );
}

/** A switch with its key, in the foot. */
function Switch({ on, press, keyCap, children }: { on: boolean; press: () => void; keyCap: string; children: ReactNode }) {
  const { preferences } = useAnnotate();
  return (
    <button type="button" className="btn quiet" aria-pressed={on} aria-keyshortcuts={keyCap} onMouseDown={keepFocus} onClick={press}>
      <Icon name={on ? 'box-on' : 'box'} />
      {children}
      {preferences.singleKeys && <KeyCap>{keyCap}</KeyCap>}
    </button>
  );
}

/** Word differences and scrolling together: for every kind that shows several answers. */
export function ReadingTools() {
  const t = useTranslations('annotate.do');
  const { store } = useAnnotate();
  const differences = useScreen((state) => state.differences);
  const together = useScreen((state) => state.together);
  return (
    <>
      {canMark() && (
        <Switch on={differences} press={() => store.toggle('differences')} keyCap="W">
          {t('differences')}
        </Switch>
      )}
      <Switch on={together} press={() => store.toggle('together')} keyCap="L">
        {t('together')}
      </Switch>
    </>
  );
}

function SkipButton() {
  const t = useTranslations('annotate.do');
  const { store, preferences, reviewing } = useAnnotate();
  const correcting = useScreen((state) => state.current !== null && state.current.corrects !== null);
  if (reviewing) return null;
  return (
    <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={() => store.open('skip')}>
      {t(correcting ? 'leave' : 'skip')}
      {preferences.singleKeys && <KeyCap>S</KeyCap>}
    </button>
  );
}

function SubmitButton({ ready, showKey }: { ready: boolean; showKey?: boolean }) {
  const t = useTranslations('annotate.do');
  const { store } = useAnnotate();
  const sent = useScreen((state) => state.phase === 'sent');
  // Where the keyboard is in a text, Enter is a line of it.
  const writes = useScreen((state) => ['DEMONSTRATION', 'CORRECTION', 'CHAT'].includes(state.current?.view.kind ?? ''));
  return (
    <button
      type="button"
      className={`btn lg ${styles.submit} ${ready ? 'primary' : ''}`}
      aria-disabled={!ready || sent}
      aria-describedby="why"
      onMouseDown={keepFocus}
      onClick={() => store.submit()}
    >
      {t(sent ? 'sending' : 'submit')}
      {showKey && !sent && <KeyCap>{writes ? 'Ctrl Enter' : 'Enter'}</KeyCap>}
    </button>
  );
}

/** Undo in this task; with nothing to undo, the task that was sent last is taken back. */
export function UndoButton({ icon }: { icon?: boolean }) {
  const t = useTranslations('annotate.do');
  const { store, preferences } = useAnnotate();
  const undoes = useScreen((state) => (state.current?.past.length ?? 0) > 0);
  const takesBack = useScreen((state) => state.lastSent !== null && !(state.current?.past.length ?? 0));
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
