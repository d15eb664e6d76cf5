'use client';

import { useRouter } from 'next/navigation';
import { type ReactNode, useEffect } from 'react';
import { IntlProvider } from 'use-intl/react';
import { formats } from './formats';
import { type Locale, timeZoneCookie } from './locales';
import type { Messages } from './messages';
import { writeCookie } from './write-cookie';

interface Props {
  locale: Locale;
  messages: Messages;
  /** Fixed for the first render, so that the browser draws what the server drew. */
  now: Date;
  timeZone: string;
  children: ReactNode;
}

export function MessagesProvider({ children, ...settings }: Props) {
  const router = useRouter();
  const { timeZone } = settings;
  useEffect(() => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (here === timeZone) return;
    writeCookie(timeZoneCookie, here);
    router.refresh();
  }, [timeZone, router]);
  return (
    <IntlProvider {...settings} formats={formats}>
      {children}
    </IntlProvider>
  );
}
