import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { messages } from './_i18n/messages';
import { MessagesProvider } from './_i18n/provider';
import { getLocale, getTheme, getTimeZone } from './_i18n/server';
import { ApiProvider } from './_trpc/client';
import './_styles/tokens.css';
import './_styles/base.css';

export const metadata: Metadata = { title: { default: 'Plumbline', template: '%s · Plumbline' }, robots: { index: false } };
export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const locale = await getLocale();
  // Reading the request makes every page dynamic: a page made at build time could not carry a fresh nonce.
  await headers();
  return (
    <html lang={locale} data-theme={await getTheme()} suppressHydrationWarning>
      <body>
        <MessagesProvider locale={locale} messages={messages[locale]} now={new Date()} timeZone={await getTimeZone()}>
          <ApiProvider>{children}</ApiProvider>
        </MessagesProvider>
      </body>
    </html>
  );
}
