import type { Browser, BrowserContext, Page } from 'playwright-core';

export interface Visit {
  address: string;
  /** Signed in as; signed out where left out. */
  as?: { email: string; password: string };
  theme?: 'light' | 'dark';
  locale?: 'en' | 'zh-CN';
  width?: number;
}

/** A browser of one person, with all that its console complains about (policy violations are errors there). */
export async function visitor(browser: Browser, visit: Visit): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const { address, as, theme, locale, width = 1280 } = visit;
  const context = await browser.newContext({ viewport: { width, height: 860 }, locale: 'en-US', timezoneId: 'UTC' });
  const cookie = (name: string, value: string) => context.addCookies([{ name, value, url: address }]);
  await cookie('plumbline-time-zone', 'UTC');
  if (theme) await cookie('plumbline-theme', theme);
  if (locale) await cookie('plumbline-locale', locale);
  if (as) await signIn(context, address, as);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${page.url()} ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()} ${error.message}`));
  return { context, page, complaints };
}

export async function signIn(
  context: BrowserContext,
  address: string,
  { email, password }: { email: string; password: string },
): Promise<void> {
  const response = await context.request.post(`${address}/api/auth/sign-in/email`, {
    data: { email, password },
    headers: { origin: address },
  });
  if (!response.ok()) throw new Error(`signing in as ${email}: ${response.status()} ${await response.text()}`);
}
