import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { addLabels, annotatorAccount, type LabelledWorld } from '../../support/labelled-world';
import { visitor } from '../../support/web-browser';
import { WebServer } from '../../support/web-server';
import { admin, createWebWorld, type WebWorld } from '../../support/web-world';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let world: WebWorld;
let labelled: LabelledWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWebWorld(database.db);
  labelled = await addLabels(database.db, world);
  server = await WebServer.start(database.url);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

const path = (rest: string) => `/p/${world.slug}${rest}`;

/** Everything that axe finds, whatever its weight, in words that lead to the element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    interface Violation {
      id: string;
      nodes: { target: unknown[]; failureSummary?: string }[];
    }
    const { axe: run } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await run.run()).violations;
  });
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${page.url()} ${id} ${JSON.stringify(node.target)} ${node.failureSummary}`));
}

async function open(page: Page, rest: string): Promise<void> {
  await page.goto(`${server.address}${path(rest)}`, { waitUntil: 'load' });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
}

describe('the pages of annotators, reviewers and leads', () => {
  const annotatorPages = ['', '/mine', '/mine/settings', '/history', '/guideline', '/messages', '/annotate'];
  const leadPages = () => [
    '/mine',
    '/messages',
    '/review',
    '/review?order=surprise',
    `/review/${labelled.disputedTaskId}`,
    '/arena',
    '/quality',
    '/people',
    '/settings',
    '/settings/form',
    '/settings/labeling',
    '/data',
  ];

  for (const theme of ['light', 'dark'] as const) {
    const locale = theme === 'light' ? ('en' as const) : ('zh-CN' as const);
    it(`have nothing that axe finds, and fit a phone: ${theme}, ${locale}`, async () => {
      const found: string[] = [];
      for (const [as, pages] of [
        [annotatorAccount, annotatorPages],
        [admin, leadPages()],
      ] as const) {
        const { context, page, complaints } = await visitor(browser, { address: server.address, as, theme, locale });
        for (const rest of pages) {
          await page.setViewportSize({ width: 1280, height: 860 });
          await open(page, rest);
          found.push(...(await violations(page)));
          await page.setViewportSize({ width: 360, height: 780 });
          const over = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          // The page lays itself out anew once it knows of its width.
          await expect.poll(over, { message: `${rest} at 360 px` }).toBeLessThanOrEqual(0);
        }
        expect(complaints).toEqual([]);
        await context.close();
      }
      expect(found).toEqual([]);
    });
  }
});

describe('an annotator at work', () => {
  it('receives nothing of models, gold, scores or other people, whatever page and however many tasks', async () => {
    const { context, page } = await visitor(browser, { address: server.address, as: annotatorAccount });
    const bodies: string[] = [];
    page.on('response', async (response) => bodies.push(await response.text().catch(() => '')));
    await open(page, '/annotate');
    const { db } = database;
    const user = await db.user.findUniqueOrThrow({ where: { email: annotatorAccount.email } });
    const sent = () => db.annotation.count({ where: { annotatorId: user.id } });
    for (let done = 0; done < 6; done += 1) {
      await page.waitForSelector('article');
      for (const key of ['1', '2', 'Enter']) await page.keyboard.press(key);
      await expect.poll(sent, { timeout: 60_000 }).toBe(done + 1);
    }
    // Gold was among them: nothing that the browser got tells which.
    const gold = await db.annotation.count({ where: { annotatorId: user.id, task: { purpose: 'GOLD' } } });
    expect(gold).toBeGreaterThan(0);
    for (const rest of ['/mine', '/history', '/guideline', '/messages', '']) await open(page, rest);
    expect(bodies.length).toBeGreaterThan(20);
    expect(bodies.filter((body) => /secret-[a-z]/.test(body))).toEqual([]);
    await context.close();
  });
});

describe('a reviewer', () => {
  it('judges by keyboard without seeing a label, then decides with all of them in sight', async () => {
    const { context, page } = await visitor(browser, { address: server.address, as: admin });
    await open(page, '/review');
    await page.locator('main a.primary').click();
    await page.waitForSelector('article');
    const taskId = page.url().split('/').at(-1) as string;
    const labelsBefore = await database.db.annotation.count({ where: { taskId } });
    expect(await page.content()).not.toContain('secret-note');
    for (const key of ['2', '1', 'Enter']) await page.keyboard.press(key);
    await page.waitForSelector('form input[type=radio]');
    expect(await page.locator('main').innerText()).not.toContain('Chen Wei');
    expect(await violations(page)).toEqual([]);
    await page.locator('form input[type=radio]').first().check();
    await page.locator('form textarea').fill('The second answer is not true.');
    await page.locator('form button[type=submit]').click();
    const decided = async () => (await database.db.review.findFirstOrThrow({ where: { taskId } })).decidedAt;
    await expect.poll(decided, { timeout: 30_000 }).not.toBeNull();
    await page.locator('p', { hasText: 'The second answer is not true.' }).waitFor();
    expect(await database.db.annotation.count({ where: { taskId } })).toBe(labelsBefore);
    await context.close();
  });
});
