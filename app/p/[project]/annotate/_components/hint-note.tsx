'use client';

import { useTranslations } from 'use-intl/react';
import type { RewardHintView } from '#lib/services/review/reward-hint';
import { Icon } from '../../../../_components/ui/icon';
import { answerName } from '../_state/answer-name';
import type { Told } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';

/** After sending only: the reward ensemble would have preferred another answer. It waits for nothing, and goes with the next one sent. */
export default function HintNote({ told, hint }: { told: Told; hint: RewardHintView }) {
  const t = useTranslations('annotate.hint');
  const { store, preferences } = useAnnotate();
  const rates = useScreen((state) => state.current?.view.form.spec.parts.some(({ type }) => type === 'rating') ?? false);
  const name = (id: string) => answerName(told.view.responses.findIndex((response) => response.id === id));
  return (
    <aside className={styles.banner} aria-label={t('label')} role="status">
      <Icon name="info" />
      <p className={styles.bannerText}>{t('text', { other: name(hint.rejected), yours: name(hint.chosen) })}</p>
      <div className={styles.bannerDo}>
        <button type="button" className="btn" onMouseDown={keepFocus} onClick={() => store.answerHint('KEPT')}>
          {t('keep')}
          {preferences.singleKeys && <KeyCap>K</KeyCap>}
        </button>
        <button type="button" className="btn" onMouseDown={keepFocus} onClick={() => store.answerHint('REVISED')}>
          {t('revise')}
          {preferences.singleKeys && !rates && <KeyCap>R</KeyCap>}
        </button>
      </div>
    </aside>
  );
}
