'use client';

import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { LoopView, Waiting } from '#lib/services/loops/loop-view';
import { Icon } from '../../../../../../_components/ui/icon';
import { KeyLink } from '../../../../../../_components/ui/key-link';
import { CloseDialog } from './close-dialog';
import { DecisionDialog, GateDialog } from './decide-dialog';
import styles from './loop.module.css';

export interface LoopRights {
  operate: boolean;
  annotate: boolean;
  invite: boolean;
}

interface Props {
  loop: LoopView;
  waiting: Waiting;
  slug: string;
  rights: LoopRights;
  resuming: boolean;
  onResume: () => void;
  onChange: () => void;
}

/** What the loop waits for, and the one thing that moves it on. */
export function WaitingNote({ loop, waiting, slug, rights, resuming, onResume, onChange }: Props) {
  const t = useTranslations('loops');
  const format = useFormatter();
  const [deciding, setDeciding] = useState(false);
  const percent = (value: number) => format.number(value, { style: 'percent', maximumFractionDigits: 0 });
  const low = (value: number) => format.number(Math.round(value * 100));
  const { figure, ordinal, kind } = waiting;
  const estimate = figure && 'estimate' in figure ? figure.estimate : null;
  const stage = t(`stage.${waiting.stage}`);
  const counts =
    figure?.kind === 'labels' || figure?.kind === 'comparisons'
      ? { filled: format.number(figure.filled), wanted: format.number(figure.wanted) }
      : { filled: '0', wanted: '0' };
  const close = () => setDeciding(false);
  const done = () => {
    close();
    onChange();
  };

  const resume = rights.operate && waiting.resumable && (
    <button type="button" className="btn primary lg" aria-busy={resuming} onClick={onResume}>
      {t('wait.failed.do')}
    </button>
  );
  const decide = rights.operate ? (
    <button type="button" className="btn primary lg" onClick={() => setDeciding(true)}>
      {t('wait.gate.do')}
    </button>
  ) : (
    <span className="sm ink2">{t('wait.role')}</span>
  );

  let title = '';
  let text: ReactNode = null;
  let action: ReactNode = null;
  switch (kind) {
    case 'labels':
    case 'comparisons':
      title = t(`wait.${kind}.title`, { n: ordinal });
      text = t(`wait.${kind}.text`, counts);
      action = (
        <>
          {rights.operate && (
            <button type="button" className="btn lg" onClick={() => setDeciding(true)}>
              {t('close.do')}
            </button>
          )}
          {rights.invite && (
            <Link className="btn lg" href={`/p/${slug}/settings`}>
              {t('wait.labels.invite')}
            </Link>
          )}
          {rights.annotate && (
            <KeyLink href={`/p/${slug}/annotate`} hotkey="r" keyLabel="R">
              {t(`wait.${kind}.do`)}
            </KeyLink>
          )}
        </>
      );
      break;
    case 'gate': {
      const required = figure?.kind === 'gate' ? figure.required : loop.config.gate.minimumAccuracyLow;
      title = t('wait.gate.title', { n: ordinal });
      text = (
        <>
          {estimate?.defined
            ? t('wait.gate.text', {
                value: percent(estimate.value),
                low: low(estimate.low),
                high: percent(estimate.high),
                prompts: estimate.n,
              })
            : t('wait.gate.undefined', { reason: estimate?.reason ?? '' })}{' '}
          {required === null ? t('wait.gate.noRule') : t('wait.gate.rule', { required: percent(required) })}
        </>
      );
      action = decide;
      break;
    }
    case 'decision':
      title = t('wait.decision.title', { n: ordinal });
      text = !estimate
        ? t('wait.decision.none')
        : estimate.defined
          ? t('wait.decision.text', {
              value: percent(estimate.value),
              low: low(estimate.low),
              high: percent(estimate.high),
              n: estimate.n,
            })
          : t('wait.decision.undefined', { reason: estimate.reason });
      action = decide;
      break;
    case 'failed':
      title = t('wait.failed.title', { n: ordinal, stage });
      text = (
        <>
          <span className="anywhere">{waiting.reason}</span> {t('wait.failed.safe')}
        </>
      );
      action = resume;
      break;
    case 'paused':
      title = t('wait.paused.title', { n: ordinal, stage });
      text = waiting.reason || t('wait.paused.text');
      action = resume;
      break;
    case 'cancelled':
      title = t('wait.cancelled.title', { n: ordinal, stage });
      text = waiting.reason;
      action = resume;
      break;
  }
  const run = loop.rounds.find((round) => round.id === waiting.roundId)?.cells.find((cell) => cell.stage === 'REWARD_TRAINING')?.runId;
  const gateFigure = figure?.kind === 'gate' ? figure : null;
  const passed = gateFigure?.estimate.defined === true && (gateFigure.required === null || gateFigure.estimate.low >= gateFigure.required);
  const better = estimate?.defined ? (estimate.low > 0.5 ? true : estimate.high < 0.5 ? false : null) : null;
  return (
    <section className={`note ${styles.wait} ${kind === 'failed' ? 'bad' : ''}`}>
      <Icon name={kind === 'failed' ? 'x' : 'warn'} />
      <div className={styles.text}>
        <h2>{title}</h2>
        <p className="ink2">{text}</p>
      </div>
      {kind === 'gate' && run && (
        <Link className="btn lg" href={`/p/${slug}/runs/${run}`}>
          {t('wait.gate.read')}
        </Link>
      )}
      {action}
      {deciding && (kind === 'labels' || kind === 'comparisons') && (
        <CloseDialog roundId={waiting.roundId} counts={counts} onClose={close} onDone={done} />
      )}
      {deciding && kind === 'gate' && (
        <GateDialog roundId={waiting.roundId} ordinal={ordinal} passed={passed} onClose={close} onDone={done} />
      )}
      {deciding && kind === 'decision' && (
        <DecisionDialog roundId={waiting.roundId} ordinal={ordinal} better={better} onClose={close} onDone={done} />
      )}
    </section>
  );
}
