'use client';

import { useTranslations } from 'use-intl/react';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { AnswerColumns } from '../../_components/answer-columns';
import { AnswerTabs, OneAnswer } from '../../_components/answer-tabs';
import { ChoiceScale } from '../../_components/choice-scale';
import { KindFoot, KindThumb, ReadingTools } from '../../_components/foot';
import { keepFocus } from '../../_components/keep-focus';
import { KeyCap } from '../../_components/key-cap';
import { Prompt } from '../../_components/prompt';
import { Sheet } from '../../_components/sheets';
import { answerName } from '../../_state/answer-name';
import styles from '../../annotate.module.css';
import type { PairwiseAction, PairwiseState } from './answer';

/** Two answers and the scale between them. */
export default function PairwiseView({ phone }: { phone: boolean }) {
  const t = useTranslations('annotate.answers');
  const { part, state, at, act } = usePart<PairwiseState, PairwiseAction, 'pairwise'>('pairwise');
  const scale = <ChoiceScale form={part} choice={state.choice} choose={(choice) => act({ type: 'choose', choice })} touch={phone} />;
  const head = (answer: number) => <h2>{t('answer', { name: answerName(answer) })}</h2>;
  if (phone) {
    return (
      <>
        <Prompt touch />
        <AnswerTabs badge={() => null} />
        <OneAnswer head={head(at.answer)} sheet={<Sheet answer={at.answer} />} />
        <KindThumb>{scale}</KindThumb>
      </>
    );
  }
  return (
    <>
      <Prompt />
      <AnswerColumns framed={false} head={head} sheet={(answer) => <Sheet answer={answer} />} />
      <KindFoot above={scale} lead={<OneKey />} tools={<ReadingTools />} />
    </>
  );
}

/** Whether one key answers and sends, and how to change that. */
function OneKey() {
  const t = useTranslations('annotate.choice');
  const { store, preferences } = useAnnotate();
  const { view } = useTask();
  if (view.form.spec.parts.length > 1) return <span className={`sm ink2 ${styles.strip}`}>{t('withMore')}</span>;
  return (
    <button
      type="button"
      className={`btn quiet ${styles.oneKey}`}
      aria-pressed={preferences.oneKey}
      aria-keyshortcuts="M"
      onMouseDown={keepFocus}
      onClick={() => store.toggleSetting('oneKey')}
    >
      {t(preferences.oneKey ? 'oneKey' : 'twoKeys')}
      {preferences.singleKeys && <KeyCap>M</KeyCap>}
    </button>
  );
}
