'use client';

import { Suspense } from 'react';
import { useTranslations } from 'use-intl/react';
import { late } from '../../../../_components/late';
import { Icon } from '../../../../_components/ui/icon';
import type { SheetPart } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen, useTask } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';

const bodies = {
  flags: late(() => import('../_kinds/flags/flags-sheet')),
  rating: late(() => import('../_kinds/rating/rating-sheet')),
  note: late(() => import('../_kinds/note/note-sheet')),
};

const keyCaps = { flags: 'F', rating: 'R', note: 'N' } as const;
const icons = { flags: 'flag', rating: 'sliders', note: 'pencil' } as const;

/** A button for each part that is asked besides the one that makes the kind. */
export function SheetButtons({ touch }: { touch?: boolean }) {
  const t = useTranslations('annotate.sheets');
  const { store, preferences } = useAnnotate();
  const { view } = useTask();
  const open = useScreen((state) => state.sheet);
  const besides = view.form.spec.parts.slice(1).flatMap(({ type }) => (isSheet(type) ? [type] : []));
  return besides.map((type) => (
    <button
      key={type}
      type="button"
      className={touch ? `btn icon ${styles.undoTouch}` : 'btn quiet'}
      aria-label={touch ? t(type) : undefined}
      aria-pressed={open === type}
      aria-keyshortcuts={keyCaps[type]}
      onMouseDown={keepFocus}
      onClick={() => store.openSheet(type)}
    >
      <Icon name={icons[type]} />
      {!touch && t(type)}
      {!touch && preferences.singleKeys && <KeyCap>{keyCaps[type]}</KeyCap>}
    </button>
  ));
}

/** In the column of the focused answer: what else is asked of it. The other answers stay readable. */
export function Sheet({ answer }: { answer: number }) {
  const sheet = useScreen((state) => state.sheet);
  const focus = useScreen((state) => state.current?.answer.at.answer ?? 0);
  if (sheet === null || focus !== answer) return null;
  const Body = bodies[sheet];
  return (
    <Suspense>
      <Body answer={answer} />
    </Suspense>
  );
}

function isSheet(type: string): type is SheetPart {
  return type in bodies;
}
