import { cookies, headers } from 'next/headers';
import { cache } from 'react';
import { createFormatter, createTranslator } from 'use-intl/core';
import { formats } from './formats';
import { type Locale, localeCookie, pickLocale, themeCookie, timeZoneCookie } from './locales';
import { type Messages, messages } from './messages';

/** The reader's language: the cookie of the language switch, else what the browser asks for. */
export const getLocale = cache(async (): Promise<Locale> => {
  const chosen = (await cookies()).get(localeCookie)?.value;
  return pickLocale(chosen, (await headers()).get('accept-language'));
});

/** The chosen theme, or undefined: then the system's preference holds. */
export async function getTheme(): Promise<'light' | 'dark' | undefined> {
  const value = (await cookies()).get(themeCookie)?.value;
  return value === 'light' || value === 'dark' ? value : undefined;
}

/** The reader's time zone, told by the browser in a cookie; UTC before the first answer. */
export const getTimeZone = cache(async (): Promise<string> => {
  const value = decodeURIComponent((await cookies()).get(timeZoneCookie)?.value ?? 'UTC');
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return value;
  } catch {
    return 'UTC';
  }
});

/** Translator of one namespace for server components; client components use `useTranslations` of use-intl. */
export async function getT<N extends keyof Messages>(namespace: N) {
  const locale = await getLocale();
  return createTranslator({ locale, messages: messages[locale], namespace, timeZone: await getTimeZone() });
}

export async function getFormat() {
  return createFormatter({ locale: await getLocale(), timeZone: await getTimeZone(), formats });
}
