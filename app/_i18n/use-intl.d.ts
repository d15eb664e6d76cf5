import type { formats } from './formats';
import type { Locale } from './locales';
import type { Messages } from './messages';

// Keys of messages are checked by the compiler: `t('no.such.key')` does not compile.
declare module 'use-intl' {
  interface AppConfig {
    Formats: typeof formats;
    Locale: Locale;
    Messages: Messages;
  }
}
