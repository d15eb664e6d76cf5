'use client';

import { useCallback, useEffect } from 'react';
import { useTranslations } from 'use-intl/react';
import { createSlicer } from '#lib/domain/code-points';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { AnswerTabs } from '../../_components/answer-tabs';
import { KindFoot, KindThumb } from '../../_components/foot';
import { Prompt } from '../../_components/prompt';
import { Sheet } from '../../_components/sheets';
import { answerName } from '../../_state/answer-name';
import styles from '../writing.module.css';
import type { SpanAction, SpanState } from './answer';
import { MarkPanel } from './mark-panel';
import { MarkedText } from './marked-text';
import { pieceOfSelection, selectionOf } from './selection';
import type { Piece } from './words';

/** Errors marked in the raw text of each answer, beside the list of them. */
export default function SpanView({ phone }: { phone: boolean }) {
  const { view } = useTask();
  const { at } = usePart<SpanState, SpanAction, 'span'>('span');
  useSpokenSelection();
  const several = view.responses.length > 1;
  return (
    <>
      <Prompt touch={phone} />
      {phone && several && <AnswerTabs badge={(answer) => <Badge answer={answer} />} />}
      <div className={`${styles.region} ${styles.withSide}`}>
        <div className={styles.stackAnswers}>
          {view.responses.map(({ id }, answer) =>
            phone && answer !== at.answer ? null : (
              <Answer key={`${view.assignmentId} ${id}`} answer={answer} head={several && !phone} tabbed={several && phone} />
            ),
          )}
        </div>
        <MarkPanel phone={phone} />
      </div>
      {phone ? <KindThumb>{null}</KindThumb> : <KindFoot lead={<span className={styles.lead} />} />}
    </>
  );
}

const noMarks: SpanState['marks'][string] = [];

function Answer({ answer, head, tabbed }: { answer: number; head: boolean; tabbed: boolean }) {
  const { store } = useAnnotate();
  const { view } = useTask();
  const { part, state, at, act } = usePart<SpanState, SpanAction, 'span'>('span');
  const { id = '', text = '' } = view.responses[answer] ?? {};
  const focused = at.answer === answer;
  const focus = useCallback((to: number) => store.focus(to), [store]);
  const select = useCallback(
    (to: number, piece: Piece | null) => {
      store.focus(to);
      act({ type: 'select', piece });
    },
    [store, act],
  );
  return (
    <section
      className={`${styles.page} ${head ? styles.withHead : styles.spanText} ${focused && head ? styles.current : ''}`}
      {...(tabbed && { role: 'tabpanel', id: 'answer', 'aria-labelledby': `tab-${answer}` })}
    >
      {head && (
        <header>
          <h2>{answerName(answer)}</h2>
          <Badge answer={answer} />
        </header>
      )}
      <MarkedText
        answer={answer}
        text={text}
        marks={state.marks[id] ?? noMarks}
        part={part}
        picked={focused ? pieceOfSelection(selectionOf(at.item)) : null}
        select={select}
        focus={focus}
      />
      <Sheet answer={answer} />
    </section>
  );
}

/** How many marks an answer has, or that it has none. */
function Badge({ answer }: { answer: number }) {
  const t = useTranslations('writing');
  const { view } = useTask();
  const { state } = usePart<SpanState, SpanAction, 'span'>('span');
  const id = view.responses[answer]?.id ?? '';
  const count = state.marks[id]?.length ?? 0;
  if (count === 0 && !state.none.includes(id)) return <span className="sm dim">–</span>;
  return <span className="sm ink2">{t('why.marks', { count })}</span>;
}

/** Who moves by key hears what is selected; a mouse's own selection goes where a key took over. */
function useSpokenSelection(): void {
  const { store } = useAnnotate();
  const { view } = useTask();
  const { at } = usePart<SpanState, SpanAction, 'span'>('span');
  const { answer, item } = at;
  const text = view.responses[answer]?.text ?? '';
  useEffect(() => {
    const piece = pieceOfSelection(selectionOf(item));
    if (piece === null) return;
    const selected = createSlicer(text).slice(piece.start, piece.end);
    store.say({ key: 'writing.span.selected', values: { text: selected.slice(0, 300) } });
  }, [store, item, text]);
}
