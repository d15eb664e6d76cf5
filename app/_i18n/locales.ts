export const locales = ['en', 'zh-CN'] as const;
export type Locale = (typeof locales)[number];

/** Each language in its own words, as the language switch shows it. */
export const localeNames: Readonly<Record<Locale, string>> = { en: 'English', 'zh-CN': '简体中文' };

export const localeCookie = 'plumbline-locale';
export const themeCookie = 'plumbline-theme';
export const timeZoneCookie = 'plumbline-time-zone';

function isLocale(value: string | undefined): value is Locale {
  return locales.some((locale) => locale === value);
}

/** The chosen language, else the first of the browser's languages that we speak, else English. */
export function pickLocale(chosen: string | undefined, acceptLanguage: string | null): Locale {
  if (isLocale(chosen)) return chosen;
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';');
      const quality = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('q='));
      return { tag: tag.trim().toLowerCase(), quality: quality ? Number(quality.slice(2)) : 1 };
    })
    .filter((entry) => entry.tag !== '' && entry.quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { tag } of wanted) {
    if (tag === 'zh' || tag.startsWith('zh-')) return 'zh-CN';
    if (tag === 'en' || tag.startsWith('en-')) return 'en';
  }
  return 'en';
}
