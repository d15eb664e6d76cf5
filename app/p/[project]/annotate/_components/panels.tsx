'use client';

import { type KeyboardEvent, type ReactNode, Suspense, useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import type { SkipReason } from '#lib/domain/assignment';
import type { TaskKind } from '#lib/domain/forms';
import { AnswerText } from '../../../../_components/answer-text/answer-text';
import { late } from '../../../../_components/late';
import { Dialog } from '../../../../_components/ui/dialog';
import { useOwnSettings } from '../_panels/own-settings';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';
import { ScrollGroup } from './scroll-group';

const ReportDialog = late(() => import('../_panels/report-dialog'));
const MessagesDialog = late(() => import('../_panels/messages-dialog'));
const SettingsDialog = late(() => import('../_panels/settings-dialog'));
const GuidelineChanges = late(() => import('../_panels/guideline-changes'));

/** Whichever panel is open. */
export function Panels() {
  const panel = useScreen((state) => state.panel);
  const open = useScreen((state) => state.current !== null);
  const { reviewing } = useAnnotate();
  if (!reviewing && (panel === 'settings' || (open && (panel === 'report' || panel === 'messages')))) {
    return (
      <Suspense>
        {panel === 'settings' && <SettingsDialog />}
        {panel === 'report' && <ReportDialog />}
        {panel === 'messages' && <MessagesDialog />}
      </Suspense>
    );
  }
  if (panel === 'guideline') return <Guideline />;
  if (panel === 'skip') return <SkipDialog />;
  return panel === 'keys' ? <KeysDialog /> : null;
}

/** Beside the work, not over it: keys go on placing. */
function Guideline() {
  const t = useTranslations('annotate.guideline');
  const { store, reviewing } = useAnnotate();
  const guideline = useScreen((state) => state.current?.view.guideline ?? null);
  useEffect(() => {
    const close = (event: globalThis.KeyboardEvent) => event.key === 'Escape' && store.open(null);
    window.addEventListener('keydown', close);
    return () => window.removeEventListener('keydown', close);
  }, [store]);
  if (guideline === null) return null;
  return (
    <aside className={styles.guideline} aria-label={t('title', { version: guideline.version })}>
      <div className="row">
        <h2 className="grow">{t('title', { version: guideline.version })}</h2>
        <button type="button" className="btn quiet" onMouseDown={keepFocus} onClick={() => store.open(null)}>
          {t('close')}
          <KeyCap>Esc</KeyCap>
        </button>
      </div>
      <ScrollGroup className={`read ${styles.guidelineText}`} aria-label={t('title', { version: guideline.version })}>
        {!reviewing && (
          <Suspense>
            <GuidelineChanges version={guideline.version} />
          </Suspense>
        )}
        {guideline.text.trim() === '' ? <p>{t('empty')}</p> : <AnswerText text={guideline.text} />}
      </ScrollGroup>
    </aside>
  );
}

const allReasons: readonly SkipReason[] = ['UNCLEAR', 'LANGUAGE', 'KNOWLEDGE', 'TOO_LONG', 'HARMFUL', 'BROKEN', 'OTHER'];

function SkipDialog() {
  const t = useTranslations('annotate.skip');
  const { store, preferences } = useAnnotate();
  const first = useRef<HTMLButtonElement>(null);
  const taken = useOwnSettings()?.preferences.project.skipReasons;
  const reasons = taken ? allReasons.filter((reason) => taken.includes(reason)) : allReasons;
  useEffect(() => first.current?.focus(), []);
  function choose(event: KeyboardEvent) {
    const reason = reasons[Number(event.key) - 1];
    if (reason !== undefined && preferences.singleKeys) store.skip(reason);
  }
  return (
    <Dialog title={t('title')} onClose={() => store.getState().panel === 'skip' && store.open(null)}>
      <p className="ink2">{t('text')}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: digits choose among the buttons inside */}
      <div className={styles.reasons} onKeyDown={choose}>
        {reasons.map((reason, index) => (
          <button key={reason} ref={index === 0 ? first : undefined} type="button" className="btn quiet" onClick={() => store.skip(reason)}>
            {preferences.singleKeys && <KeyCap>{String(index + 1)}</KeyCap>}
            {t(reason)}
          </button>
        ))}
      </div>
      <div className="actions">
        <button type="button" className="btn" onClick={() => store.open(null)}>
          {t('stay')}
          <KeyCap>Esc</KeyCap>
        </button>
      </div>
    </Dialog>
  );
}

function KeysDialog() {
  const t = useTranslations('annotate.keys');
  const written = useTranslations('writing.keys');
  const { store, preferences } = useAnnotate();
  const kind = useScreen((state) => state.current?.view.kind ?? 'RANKING');
  const besides = useScreen((state) => (state.current?.view.form.spec.parts.length ?? 1) > 1);
  const compares = ['RANKING', 'PAIRWISE', 'RATING', 'FLAGS'].includes(kind);
  const writes = ['DEMONSTRATION', 'CORRECTION', 'CHAT'].includes(kind);
  const ofAnswers: readonly (readonly [ReactNode, string])[] = [
    [<Caps key="k" keys={['W']} />, t('differences')],
    [<Caps key="k" keys={['L']} />, t('together')],
    [<Caps key="k" keys={['V']} />, t('layout')],
  ];
  const rows: readonly (readonly [ReactNode, string])[] = [
    ...(compares ? [[<Caps key="k" keys={['←', '→']} />, t('move')] as const] : []),
    ...keysOf(kind, t, written),
    [<Caps key="k" keys={kind === 'RATING' ? [t('space')] : ['↑', '↓', t('space')]} />, t('scroll')],
    [<Caps key="k" keys={['Z']} />, t('undo')],
    [<Caps key="k" keys={['⇧', 'Z']} />, t('redo')],
    ...(compares ? ofAnswers : []),
    ...(besides ? [[<Caps key="k" keys={['F', 'R', 'N']} />, t('sheets')] as const] : []),
    [<Caps key="k" keys={['P']} />, t('prompt')],
    [<Caps key="k" keys={['G']} />, t('guideline')],
    [<Caps key="k" keys={['S']} />, t('skip')],
    [<Caps key="k" keys={writes ? ['Ctrl', 'Enter'] : ['Enter']} />, t('submit')],
    [<Caps key="k" keys={['?']} />, t('keys')],
  ];
  return (
    <Dialog title={t('title')} wide onClose={() => store.getState().panel === 'keys' && store.open(null)}>
      <dl className={styles.keys}>
        {rows.map(([keys, what]) => (
          <div key={what}>
            <dt>{keys}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="choice">
        <input
          type="checkbox"
          checked={preferences.singleKeys}
          onChange={(event) => preferences.change({ singleKeys: event.target.checked })}
        />
        <span>
          {t('single')} <span className="ink2">{t('singleWhy')}</span>
        </span>
      </label>
      <div className="actions">
        <button type="button" className="btn" onClick={() => store.open(null)}>
          {t('close')}
          <KeyCap>Esc</KeyCap>
        </button>
      </div>
    </Dialog>
  );
}

/** What the kind's own keys do. */
function keysOf(
  kind: TaskKind,
  t: ReturnType<typeof useTranslations<'annotate.keys'>>,
  written: ReturnType<typeof useTranslations<'writing.keys'>>,
): [ReactNode, string][] {
  const caps = (...keys: string[]) => <Caps key="k" keys={keys} />;
  switch (kind) {
    case 'RANKING':
      return [
        [caps('1', '–', '9'), t('place')],
        [caps('='), t('tie')],
        [caps('⇧', '↑', '↓'), t('shift')],
        [caps('X'), t('aside')],
        [caps('⌫'), t('clear')],
      ];
    case 'PAIRWISE':
      return [
        [caps('1', '–', '7'), t('choose')],
        [caps('0'), t('bothBad')],
        [caps('M'), t('oneKey')],
      ];
    case 'CHAT':
      return [
        [caps('Enter'), written('send')],
        [caps('Esc'), written('leave')],
        [caps('1', '–', '7'), t('choose')],
        [caps('0'), t('bothBad')],
      ];
    case 'CORRECTION':
      return [[caps('C'), written('right')]];
    case 'SPAN':
      return [
        [caps('←', '→', '⇧'), written('word')],
        [caps('1', '–', '9'), written('category')],
        [caps('E'), written('severity')],
        [caps('J', 'K'), written('nextMark')],
        [caps('⌫'), written('remove')],
        [caps('X'), written('letGo')],
        [caps('0'), written('noErrors')],
      ];
    case 'RATING':
      return [
        [caps('1', '–', '9'), t('rate')],
        [caps('↑', '↓'), t('attribute')],
        [caps('⌫'), t('clearRating')],
      ];
    case 'FLAGS':
      return [
        [caps('1', '–', '9', 'A', '–'), t('flag')],
        [caps('0'), t('noFlag')],
      ];
    default:
      return [];
  }
}

function Caps({ keys }: { keys: readonly string[] }) {
  return keys.map((key, index) => (key === '–' ? <span key={index}>–</span> : <kbd key={index}>{key}</kbd>));
}
