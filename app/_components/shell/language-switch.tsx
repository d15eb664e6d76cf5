'use client';

import { useRouter } from 'next/navigation';
import { useLocale, useTranslations } from 'use-intl/react';
import { type Locale, localeCookie, localeNames, locales } from '../../_i18n/locales';
import { writeCookie } from '../../_i18n/write-cookie';
import { Icon } from '../ui/icon';
import { Menu } from '../ui/menu';

export function LanguageSwitch() {
  const t = useTranslations('common');
  const current = useLocale();
  const router = useRouter();
  return (
    <Menu
      trigger={<Icon name="globe" />}
      label={t('language', { name: localeNames[current as Locale] })}
      className="btn quiet icon"
      align="end"
    >
      {locales.map((locale) => (
        <button
          key={locale}
          type="button"
          lang={locale}
          aria-current={locale === current ? 'true' : undefined}
          onClick={() => {
            writeCookie(localeCookie, locale);
            router.refresh();
          }}
        >
          {localeNames[locale]}
        </button>
      ))}
    </Menu>
  );
}
