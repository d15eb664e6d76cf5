'use client';

import { useDeferredValue, useMemo } from 'react';
import { useTranslations } from 'use-intl/react';
import { textChanges } from '#lib/domain/text-changes';
import { Icon } from '../../../../../_components/ui/icon';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { KindFoot, KindThumb } from '../../_components/foot';
import { keepFocus } from '../../_components/keep-focus';
import { KeyCap } from '../../_components/key-cap';
import { Prompt } from '../../_components/prompt';
import { ScrollGroup } from '../../_components/scroll-group';
import { Sheet } from '../../_components/sheets';
import { answerTextId } from '../../_components/use-keys';
import { Count, Editor } from '../editor';
import styles from '../writing.module.css';
import { type CorrectionAction, type CorrectionState, originalOf } from './answer';

/** The answer as it was, with what is changed, beside the answer as it should be. */
export default function CorrectionView({ phone }: { phone: boolean }) {
  const t = useTranslations('writing.correction');
  const { view } = useTask();
  const { part, state, act } = usePart<CorrectionState, CorrectionAction, 'correction'>('correction');
  const original = originalOf({ task: view });
  const changed = state.text !== original;
  const count = <Count text={state.text} max={part.maxCharacters} />;
  const tools = (
    <>
      <RightButton on={state.right} disabled={changed} press={() => act({ type: 'right' })} />
      {changed && (
        <button type="button" className="btn quiet" onClick={() => act({ type: 'back' })}>
          {t('back')}
        </button>
      )}
    </>
  );
  return (
    <>
      <Prompt touch={phone} />
      <div className={`${styles.region} ${styles.two}`}>
        <section className={styles.page} aria-label={t('original')}>
          <header>
            <h2>{t('original')}</h2>
            <span className="grow" />
            <span className={`sm ${styles.removed}`}>{t('legend')}</span>
            <span className={`sm ${styles.added}`}>{t('legendIn')}</span>
          </header>
          <ScrollGroup id={answerTextId(0)} className={styles.read} aria-label={t('original')}>
            <Differences before={original} after={state.text} />
          </ScrollGroup>
        </section>
        <section className={styles.page} aria-label={t('editor')}>
          <header>
            <h2>{t('editor')}</h2>
            <span className="grow" />
            {phone && count}
          </header>
          <Editor
            key={view.assignmentId}
            value={state.text}
            write={(text) => act({ type: 'write', text }, 'correction')}
            label={t('editor')}
            focusFor={null}
          />
          <Sheet answer={0} />
        </section>
      </div>
      {phone ? (
        <KindThumb>
          <div className={styles.touchTools}>{tools}</div>
        </KindThumb>
      ) : (
        <KindFoot lead={<div className={styles.lead}>{count}</div>} tools={tools} />
      )}
    </>
  );
}

function RightButton({ on, disabled, press }: { on: boolean; disabled: boolean; press: () => void }) {
  const t = useTranslations('writing.correction');
  const { preferences } = useAnnotate();
  return (
    <button
      type="button"
      className="btn"
      aria-pressed={on}
      aria-disabled={disabled || undefined}
      aria-keyshortcuts="C"
      onMouseDown={keepFocus}
      onClick={press}
    >
      <Icon name={on ? 'box-on' : 'box'} />
      {t('right')}
      {preferences.singleKeys && <KeyCap>C</KeyCap>}
    </button>
  );
}

/** What is taken out is struck through, what is put in underlined, both tinted. */
function Differences({ before, after }: { before: string; after: string }) {
  const shown = useDeferredValue(after);
  const changes = useMemo(() => textChanges(before, shown), [before, shown]);
  return (
    <div className={styles.plain} dir="auto">
      {changes.map(([op, text], index) =>
        op === 0 ? (
          <span key={index}>{text}</span>
        ) : op < 0 ? (
          <del key={index} className={styles.removed}>
            {text}
          </del>
        ) : (
          <ins key={index} className={styles.added}>
            {text}
          </ins>
        ),
      )}
    </div>
  );
}
