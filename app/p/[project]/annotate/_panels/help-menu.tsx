'use client';

import { useTranslations } from 'use-intl/react';
import { Icon } from '../../../../_components/ui/icon';
import { Menu } from '../../../../_components/ui/menu';
import { useAnnotate, useScreen } from '../_components/annotate-context';
import { useOwnSettings } from './own-settings';
import styles from './panels.module.css';

/** What helps with the task on the screen: report it, write to the lead, set what is seen. */
export function HelpMenu() {
  const t = useTranslations('contact');
  const own = useOwnSettings();
  const unread = useScreen((state) => state.current?.view.messages ?? 0);
  if (own === null) return null;
  return (
    <Menu
      trigger={
        <>
          <Icon name="message" />
          {unread > 0 && (
            <span className={styles.count} aria-hidden="true">
              {unread}
            </span>
          )}
        </>
      }
      label={unread > 0 ? `${t('menu.label')}, ${t('unread', { n: unread })}` : t('menu.label')}
      className={`btn quiet ${styles.menu}`}
      align="end"
    >
      <HelpItems />
    </Menu>
  );
}

/** The same for the phone's one menu. */
export function HelpItems() {
  const t = useTranslations('contact');
  const { store } = useAnnotate();
  const own = useOwnSettings();
  const open = useScreen((state) => state.current !== null);
  const unread = useScreen((state) => state.current?.view.messages ?? 0);
  if (own === null) return null;
  return (
    <>
      <button type="button" disabled={!open} onClick={() => store.open('report')}>
        {t('menu.report')}
      </button>
      <button type="button" disabled={!open} onClick={() => store.open('messages')}>
        {t('menu.message')}
        {unread > 0 && <span className="chip acc">{t('unread', { n: unread })}</span>}
      </button>
      <button type="button" onClick={() => store.open('settings')}>
        {t('menu.settings')}
      </button>
    </>
  );
}
