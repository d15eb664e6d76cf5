'use client';

import { useTranslations } from 'use-intl/react';
import { themeCookie } from '../../_i18n/locales';
import { writeCookie } from '../../_i18n/write-cookie';
import { Icon } from '../ui/icon';

/** Light or dark. The attribute is written by the server from the cookie, so that no page flashes in the wrong one. */
export function ThemeToggle() {
  const t = useTranslations('common');
  function toggle() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    writeCookie(themeCookie, root.dataset.theme);
  }
  return (
    <button type="button" className="btn quiet icon" aria-label={t('theme')} title={t('theme')} onClick={toggle}>
      <Icon name="sun" />
    </button>
  );
}
