'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../../_components/ui/icon';
import { usePart, useTask } from '../../_components/annotate-context';
import { AnswerColumns } from '../../_components/answer-columns';
import { AnswerTabs, OneAnswer } from '../../_components/answer-tabs';
import { KindFoot, KindThumb, ReadingTools } from '../../_components/foot';
import { Prompt } from '../../_components/prompt';
import { Sheet } from '../../_components/sheets';
import { answerName } from '../../_state/answer-name';
import { subjectAt } from '../../_state/subjects';
import styles from '../../annotate.module.css';
import type { FlagsAction, FlagsState } from './answer';
import { FlagItems } from './flag-items';

/** Each answer with its own list of flags below its text. */
export default function FlagsView({ phone }: { phone: boolean }) {
  const t = useTranslations('annotate.flags');
  const { view, answer: judgement } = useTask();
  const { part, state, at } = usePart<FlagsState, FlagsAction, 'flags'>('flags');
  const said = (answer: number) => state[subjectAt(part.of, view, answer)];
  const badge = (answer: number) => {
    const flags = said(answer);
    return <span className={`rank s ${flags === undefined ? 'none' : 'aside'}`}>{flags === undefined ? '–' : flags.length}</span>;
  };
  const head = (answer: number) => (
    <>
      <h2>{answerName(answer)}</h2>
      <span className={styles.standing}>{standing(said(answer))}</span>
    </>
  );
  const standing = (flags: readonly string[] | undefined) => (flags === undefined ? t('open') : t('count', { count: flags.length }));
  const decided = view.responses.filter((_, answer) => said(answer) !== undefined).length;
  const lead = (
    <span className={`row sm ink2 ${styles.strip}`}>
      <Icon name="flag" />
      {part.of === 'task' ? standing(said(0)) : t('decided', { done: decided, count: view.responses.length })}
    </span>
  );
  if (phone) {
    return (
      <>
        <Prompt touch />
        <AnswerTabs badge={badge} />
        <OneAnswer head={head(at.answer)} described={standing(said(at.answer))} sheet={<Sheet answer={at.answer} />} />
        <KindThumb>
          <div className={styles.thumbList}>
            <FlagItems answer={at.answer} showKeys={false} />
          </div>
        </KindThumb>
      </>
    );
  }
  return (
    <>
      <Prompt />
      <AnswerColumns
        head={head}
        described={(answer) => standing(said(answer))}
        sheet={(answer) => (
          <>
            <div className={styles.asked}>
              {(part.of === 'responses' || judgement.at.answer === answer) && (
                <FlagItems answer={answer} showKeys={judgement.at.answer === answer} />
              )}
            </div>
            <Sheet answer={answer} />
          </>
        )}
      />
      <KindFoot lead={lead} tools={<ReadingTools />} />
    </>
  );
}
