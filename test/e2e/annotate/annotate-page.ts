import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Db } from '#lib/db/create-db';
import { annotator } from '../../support/ranking-tasks';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type SignedIn = Awaited<ReturnType<BrowserContext['storageState']>>;

export async function signIn(browser: Browser, address: string): Promise<SignedIn> {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${address}/sign-in`, { waitUntil: 'networkidle' });
  await page.fill('input[name=email]', annotator.email);
  await page.fill('input[name=password]', annotator.password);
  await page.click('button[type=submit]');
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  const state = await context.storageState();
  await context.close();
  return state;
}

export function newContext(browser: Browser, storageState: SignedIn, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return browser.newContext({ storageState, locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
}

export async function press(page: Page, keys: string, delay = 0): Promise<void> {
  for (const key of keys.split(' ')) {
    await page.keyboard.press(key);
    if (delay > 0) await page.waitForTimeout(delay);
  }
}

export async function until(what: () => Promise<boolean>): Promise<void> {
  await expect.poll(what, { timeout: 60_000, interval: 50 }).toBe(true);
}

export const promptOf = (page: Page) => page.locator('section[aria-label="Prompt"]').innerText();
export const badges = (page: Page) => page.locator('article header .rank').allTextContents();

export function annotationsOf(db: Db, projectId: string) {
  return db.annotation.findMany({ where: { task: { projectId } }, orderBy: { createdAt: 'asc' } });
}

/** Every fault that axe finds, in words. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe); // the page's policy lets no such script in; the debugger may
  const faults = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')))",
  );
  return faults as string[];
}
