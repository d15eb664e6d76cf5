'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../../_components/ui/icon';
import { useAnnotate, usePart, useTask } from '../../_components/annotate-context';
import { keepFocus } from '../../_components/keep-focus';
import { KeyCap } from '../../_components/key-cap';
import { isMain, subjectAt } from '../../_state/subjects';
import { type FlagsAction, type FlagsState, flagKey } from './answer';
import styles from './flags.module.css';

/** What can be said of one answer: each flag is a switch, and that none applies is said on its own. */
export function FlagItems({ answer, showKeys }: { answer: number; showKeys: boolean }) {
  const t = useTranslations('annotate.flags');
  const { preferences } = useAnnotate();
  const { view } = useTask();
  const { part, state, act } = usePart<FlagsState, FlagsAction, 'flags'>('flags');
  const said = state[subjectAt(part.of, view, answer)];
  const keys = preferences.singleKeys && showKeys;
  return (
    <ul className={styles.items}>
      {isMain(view, 'flags') && (
        <li>
          <button
            type="button"
            className={styles.flag}
            aria-pressed={said?.length === 0}
            onMouseDown={keepFocus}
            onClick={() => act({ type: said?.length === 0 ? 'clear' : 'none', answer })}
          >
            <span className={styles.key}>{keys && <KeyCap>0</KeyCap>}</span>
            <span className={styles.words}>{t('none')}</span>
            <Icon name={said?.length === 0 ? 'box-on' : 'box'} />
          </button>
        </li>
      )}
      {part.flags.map(({ key, label, help }, flag) => {
        const on = said?.includes(key) ?? false;
        return (
          <li key={key}>
            <button
              type="button"
              className={styles.flag}
              aria-pressed={on}
              title={help || undefined}
              onMouseDown={keepFocus}
              onClick={() => act({ type: 'toggle', answer, flag })}
            >
              <span className={styles.key}>{keys && flagKey(flag) !== null && <KeyCap>{flagKey(flag)?.toUpperCase()}</KeyCap>}</span>
              <span className={styles.words}>{label}</span>
              <Icon name={on ? 'box-on' : 'box'} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
