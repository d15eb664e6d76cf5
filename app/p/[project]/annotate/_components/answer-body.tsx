'use client';

import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { AnswerText } from '../../../../_components/answer-text/answer-text';
import { Icon } from '../../../../_components/ui/icon';
import { answerName } from '../_state/answer-name';
import styles from '../annotate.module.css';
import { useAnnotate, useTask } from './annotate-context';
import { ScrollGroup } from './scroll-group';
import { answerTextId } from './use-keys';

interface Props {
  answer: number;
  /** In words what stands in its head: read out with the answer's name. */
  described?: string;
}

/** One answer's text: scrolls inside its place, and says how much of it is further down. */
export function AnswerBody({ answer, described }: Props) {
  const t = useTranslations('annotate.answers');
  const { store, preferences } = useAnnotate();
  const { view } = useTask();
  const box = useRef<HTMLDivElement>(null);
  const text = view.responses[answer]?.text ?? '';
  const lines = useLinesBelow(box, `${view.assignmentId} ${answer} ${preferences.textSize} ${preferences.layout}`);
  const name = answerName(answer);
  return (
    <>
      <ScrollGroup
        ref={box}
        id={answerTextId(answer)}
        className={`read ${styles.body}`}
        aria-label={described === undefined ? t('answer', { name }) : t('described', { name, standing: described })}
        onFocus={(event) => event.target === box.current && store.focus(answer)}
      >
        <AnswerText text={text} />
      </ScrollGroup>
      {lines > 0 && (
        <button
          type="button"
          className={`chip ${styles.more}`}
          tabIndex={-1}
          onClick={() => box.current?.scrollBy({ top: box.current.clientHeight * 0.85 })}
        >
          {t('moreLines', { count: lines })}
          <Icon name="down" />
        </button>
      )}
    </>
  );
}

/** Whole lines below what is in sight. */
function useLinesBelow(box: React.RefObject<HTMLDivElement | null>, what: string): number {
  const [lines, setLines] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.scrollTop = 0;
    const measure = () => {
      const height = Number.parseFloat(getComputedStyle(element).lineHeight) || 24;
      const padding = Number.parseFloat(getComputedStyle(element).paddingBottom) || 0;
      setLines(Math.max(0, Math.ceil((element.scrollHeight - element.clientHeight - element.scrollTop - padding) / height - 0.2)));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [box, what]);
  return lines;
}
