'use client';

import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { AnswerText } from '../../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../../_components/ui/icon';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { KindFoot, KindThumb } from '../../_components/foot';
import { Prompt } from '../../_components/prompt';
import { ScrollGroup } from '../../_components/scroll-group';
import { Sheet } from '../../_components/sheets';
import { Count, Editor, insertAtCursor } from '../editor';
import styles from '../writing.module.css';
import type { DemonstrationAction, DemonstrationState } from './answer';
import { Suggestions } from './suggestions';

/** The answer that a person writes, as annotators will see it on wish. */
export default function DemonstrationView({ phone }: { phone: boolean }) {
  const t = useTranslations('writing.suggest');
  const { store } = useAnnotate();
  const { view } = useTask();
  const { part, state, act } = usePart<DemonstrationState, DemonstrationAction, 'demonstration'>('demonstration');
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => store.fieldCame(view.assignmentId), [store, view.assignmentId]);
  const page = useRef<HTMLDivElement>(null);
  const spec: { readonly suggestions?: unknown } = view.spec;
  const canSuggest = part.suggestions && typeof spec.suggestions === 'number' && spec.suggestions > 0;
  const open = canSuggest && asked === view.assignmentId;
  const count = <Count text={state.text} min={part.minCharacters} max={part.maxCharacters} />;
  const ask = canSuggest && (
    <button type="button" className="btn quiet" aria-pressed={open} onClick={() => setAsked(open ? null : view.assignmentId)}>
      <Icon name="plus" />
      {t('ask')}
    </button>
  );
  return (
    <>
      <Prompt touch={phone} />
      <div className={`${styles.region} ${open ? styles.withSide : ''}`} ref={page}>
        <WrittenPage
          key={`page ${view.assignmentId}`}
          text={state.text}
          write={(text) => act({ type: 'write', text }, 'demonstration')}
          focusFor={phone ? null : view.assignmentId}
          tools={phone ? ask : null}
          phone={phone}
        />
        {open && (
          <Suggestions
            key={`suggestions ${view.assignmentId}`}
            assignmentId={view.assignmentId}
            insert={(text) => insertAtCursor(page.current?.querySelector('textarea') ?? null, text)}
            close={() => setAsked(null)}
          />
        )}
      </div>
      {phone ? <KindThumb>{null}</KindThumb> : <KindFoot lead={<div className={styles.lead}>{count}</div>} tools={ask} />}
    </>
  );
}

interface PageProps {
  text: string;
  write: (text: string) => void;
  focusFor: string | null;
  tools: React.ReactNode;
  phone: boolean;
}

function WrittenPage({ text, write, focusFor, tools, phone }: PageProps) {
  const t = useTranslations('writing.editor');
  const [preview, setPreview] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (preview) box.current?.focus();
  }, [preview]);
  return (
    <section className={styles.page} aria-label={t('label')}>
      <header>
        <h2 className={phone ? 'hidden-text' : undefined}>{t('label')}</h2>
        {tools}
        <span className="grow" />
        <button type="button" className="btn quiet" aria-pressed={preview} onClick={() => setPreview(!preview)}>
          <Icon name={preview ? 'box-on' : 'box'} />
          {t('preview')}
        </button>
      </header>
      {preview ? (
        <ScrollGroup ref={box} className={styles.read} aria-label={t('preview')}>
          {text.trim() === '' ? <p className="dim">{t('empty')}</p> : <AnswerText text={text} />}
        </ScrollGroup>
      ) : (
        <Editor value={text} write={write} label={t('label')} focusFor={focusFor} />
      )}
      <Sheet answer={0} />
    </section>
  );
}
