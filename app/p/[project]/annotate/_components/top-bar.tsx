'use client';

import Link from 'next/link';
import { useFormatter, useTranslations } from 'use-intl/react';
import { ThemeToggle } from '../../../../_components/shell/theme-toggle';
import { Icon, Logo } from '../../../../_components/ui/icon';
import { Menu } from '../../../../_components/ui/menu';
import { HelpItems, HelpMenu } from '../_panels/help-menu';
import { shownProgress } from '../_state/screen-state';
import styles from '../annotate.module.css';
import { useAnnotate, useScreen } from './annotate-context';
import { keepFocus } from './keep-focus';
import { KeyCap } from './key-cap';
import { Status } from './status';
import { textSizes } from './use-preferences';

/** The bar of the annotation screen: where, how far, whether it is kept. Reserved widths: nothing in it moves. */
export function TopBar() {
  const t = useTranslations('annotate');
  const { store, project, preferences } = useAnnotate();
  const correcting = useScreen((state) => state.current !== null && state.current.corrects !== null);
  const kind = useScreen((state) => state.current?.view.kind ?? null);
  const count = useScreen((state) => state.current?.view.responses.length ?? 0);
  return (
    <header className={`bar ${styles.bar}`}>
      <Link prefetch={false} className="brand" href="/" aria-label={t('home')}>
        <Logo />
      </Link>
      <Link prefetch={false} className={`b ${styles.project}`} href={`/p/${project.slug}`}>
        {project.name}
      </Link>
      <h1 className={styles.title}>{correcting ? t('correcting') : kind === null ? t('title') : t(`kinds.${kind}`, { count })}</h1>
      <span className={`sep ${styles.roomy}`} />
      <ProgressCount />
      <span className="grow" />
      <Status />
      <GuidelineButton />
      <HelpMenu />
      <LayoutSwitch />
      <TextSize />
      <ThemeToggle />
      <button type="button" className="btn quiet" aria-keyshortcuts="?" onMouseDown={keepFocus} onClick={() => store.open('keys')}>
        <span className={styles.wordsWhereRoomy}>{t('allKeys')}</span>
        {preferences.singleKeys ? <KeyCap>?</KeyCap> : <Icon name="info" className={styles.tight} />}
      </button>
    </header>
  );
}

/** The phone's bar: back, how far, whether it is kept; the rest behind one button. */
export function PhoneBar() {
  const t = useTranslations('annotate');
  const { store, project, preferences, reviewing } = useAnnotate();
  const open = useScreen((state) => state.current !== null);
  return (
    <header className={`bar ${styles.bar}`}>
      <Link prefetch={false} className="btn quiet icon" href={`/p/${project.slug}`} aria-label={project.name}>
        <Icon name="left" className={styles.mirrored} />
      </Link>
      <h1 className="hidden-text">{t('title')}</h1>
      <ProgressCount short />
      <span className="grow" />
      <Status short />
      <GuidelineButton short />
      <Menu trigger={<Icon name="menu" />} label={t('more')} className="btn quiet icon" align="end">
        <button type="button" disabled={!open || reviewing} onClick={() => store.open('skip')}>
          {t('do.skip')}
        </button>
        <HelpItems />
        <button type="button" onClick={() => preferences.change({ textSize: nextSize(preferences.textSize) })}>
          <SizeWords size={preferences.textSize} />
        </button>
        <button type="button" onClick={() => store.open('keys')}>
          {t('allKeys')}
        </button>
      </Menu>
    </header>
  );
}

function ProgressCount({ short }: { short?: boolean }) {
  const { reviewing } = useAnnotate();
  return reviewing ? null : <Progress short={short} />;
}

function Progress({ short }: { short?: boolean | undefined }) {
  const t = useTranslations('annotate');
  const done = useScreen((state) => shownProgress(state)?.done ?? null);
  const total = useScreen((state) => shownProgress(state)?.total ?? null);
  const share = done === null || total === null || total === 0 ? 0 : done / total;
  const bar = (
    <span className="progress" style={{ width: short ? 56 : 120 }}>
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
  const words =
    done === null || total === null ? '' : t.rich(short ? 'progressShort' : 'progress', { done, total, b: (chunks) => <b>{chunks}</b> });
  return (
    <span className={`row ${styles.progress}`}>
      {!short && bar}
      <span className={`sm ${styles.count}`}>{words}</span>
      {short && bar}
    </span>
  );
}

function GuidelineButton({ short }: { short?: boolean }) {
  const t = useTranslations('annotate.guideline');
  const { store, preferences } = useAnnotate();
  const version = useScreen((state) => state.current?.view.guideline.version ?? null);
  const open = useScreen((state) => state.panel === 'guideline');
  if (version === null) return null;
  return (
    <button
      type="button"
      className={`chip ${styles.chipButton}`}
      aria-expanded={open}
      onMouseDown={keepFocus}
      onClick={() => store.open('guideline')}
    >
      <Icon name="book" />
      <span className={short ? 'hidden-text' : styles.wordsWhereRoomy}>{t('open', { version })}</span>
      <span className={short ? undefined : styles.tight} aria-hidden="true">
        {version}
      </span>
      {!short && preferences.singleKeys && <KeyCap>G</KeyCap>}
    </button>
  );
}

function TextSize() {
  const t = useTranslations('annotate');
  const format = useFormatter();
  const { preferences } = useAnnotate();
  const words = t('textSize', { percent: format.number(preferences.textSize, { style: 'percent' }) });
  return (
    <button
      type="button"
      className="btn quiet"
      title={words}
      onMouseDown={keepFocus}
      onClick={() => preferences.change({ textSize: nextSize(preferences.textSize) })}
    >
      <span className="hidden-text">{words}</span>
      <span aria-hidden="true">A</span>
      <span className={styles.bigA} aria-hidden="true">
        A
      </span>
    </button>
  );
}

/** Side by side or stacked; only where there are several answers. */
function LayoutSwitch() {
  const t = useTranslations('annotate.layout');
  const { store, preferences } = useAnnotate();
  const several = useScreen((state) => (state.current?.view.responses.length ?? 0) > 1);
  if (!several) return null;
  const stacked = preferences.layout === 'stacked';
  return (
    <button
      type="button"
      className="btn quiet"
      aria-pressed={stacked}
      aria-keyshortcuts="V"
      title={t(stacked ? 'toColumns' : 'toStacked')}
      onMouseDown={keepFocus}
      onClick={() => store.toggleSetting('layout')}
    >
      <span className="hidden-text">{t('stacked')}</span>
      <Icon name={stacked ? 'rows' : 'columns'} />
      {preferences.singleKeys && <KeyCap>V</KeyCap>}
    </button>
  );
}

function SizeWords({ size }: { size: number }) {
  const t = useTranslations('annotate');
  const format = useFormatter();
  return t('textSize', { percent: format.number(size, { style: 'percent' }) });
}

function nextSize(size: number): number {
  const index = (textSizes as readonly number[]).indexOf(size);
  return textSizes[(index + 1) % textSizes.length] ?? 1;
}
