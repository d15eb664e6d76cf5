'use client';

import { useTranslations } from 'use-intl/react';
import { Icon, type IconName } from './icon';

export type State = 'QUEUED' | 'RUNNING' | 'WAITING' | 'PAUSED' | 'FAILED' | 'CANCELLED' | 'DONE' | 'TO_COME';

export const stateIcon: Readonly<Record<State, IconName>> = {
  QUEUED: 'clock',
  RUNNING: 'play',
  WAITING: 'clock',
  PAUSED: 'pause',
  FAILED: 'x',
  CANCELLED: 'ban',
  DONE: 'check',
  TO_COME: 'circle',
};

const tone: Readonly<Record<State, string>> = {
  QUEUED: '',
  RUNNING: 'acc',
  WAITING: 'warn',
  PAUSED: '',
  FAILED: 'bad',
  CANCELLED: '',
  DONE: 'ok',
  TO_COME: '',
};

/** State as icon and word, never by color alone. `word` says it more exactly ("Waiting for a person"). */
export function StateChip({ state, word }: { state: State; word?: string }) {
  const t = useTranslations('common');
  return (
    <span className={`chip ${tone[state]}`}>
      <Icon name={stateIcon[state]} />
      {word ?? t(`state.${state}`)}
    </span>
  );
}
