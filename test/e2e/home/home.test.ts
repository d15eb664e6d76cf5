import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#lib/domain/clock';
import { saveGuideline } from '#lib/services/guidelines/save-guideline';
import { markGuidelineRead } from '#lib/services/own-work/mark-guideline-read';
import { acceptInvitation } from '#lib/services/people/accept-invitation';
import { createInvitation } from '#lib/services/people/create-invitation';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { userActor } from '../../support/labeling';
import { annotator, createRankingProject } from '../../support/ranking-tasks';
import { visitor } from '../../support/web-browser';
import { WebServer } from '../../support/web-server';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const lin = { name: 'Lin <b>Nakamura</b>', email: 'lin@example.org', password: 'another long secret' };
const hostile = '<img src=x onerror="window.stolen = true"> =1+1 \u202eabc';

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let base: string;
let projectId: string;

/** Ana leads the project, Lin works in it: three tasks, the second one marked as violent. */
beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  const tasks = ['How do I descale a kettle?', 'اكتب قصة قصيرة عن قطة', '用一句话介绍李白。'].map((prompt) => ({
    prompt,
    answers: ['One', 'Two', 'Three'],
  }));
  const project = await createRankingProject(db, tasks);
  projectId = project.projectId;
  base = `/p/${project.slug}`;
  const ana = { projectId_userId: { projectId, userId: project.userId } };
  await db.membership.update({ where: ana, data: { roles: ['RESEARCHER', 'ADMIN'] } });
  const deps = { db, clock: systemClock };
  const lead = userActor(project.userId, true);
  const { token } = await createInvitation(deps, lead, { projectId, roles: ['ANNOTATOR'] });
  await acceptInvitation(deps, null, { token, account: lin });
  const second = await db.slot.findFirstOrThrow({ where: { projectId }, orderBy: { priority: 'desc' }, skip: 1 });
  await db.task.update({ where: { id: second.taskId }, data: { contentFlags: ['violence'] } });
  await db.project.update({ where: { id: projectId }, data: { labelingPolicy: { pay: { centsPerTask: 40, currency: 'EUR' } } } });
  server = await WebServer.start(database.url);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Found = { violations: { id: string; impact: string | null; nodes: { target: unknown[] }[] }[] };
    const { axe: run } = window as unknown as { axe: { run(): Promise<Found> } };
    return (await run.run()).violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${location.pathname} ${id} ${JSON.stringify(nodes.map(({ target }) => target))}`);
  });
}

/** A slow machine uses a preloaded style late, and the browser says so; that is no fault of the page. */
const serious = (complaints: readonly string[]) => complaints.filter((line) => !line.includes('preload'));

/** A key is heard as soon as the page is alive; one that came before is pressed again. */
async function follow(page: Page, key: string, path: string): Promise<void> {
  for (let left = 3; ; left -= 1) {
    await page.keyboard.press(key);
    const arrived = page.waitForURL(`**${path}`, { timeout: 20_000 });
    if (left === 0) return arrived;
    if (await arrived.then(() => true).catch(() => false)) return;
  }
}

const open = (page: Page, path: string) => page.goto(`${server.address}${path}`, { waitUntil: 'load' });

describe('the pages of an annotator', () => {
  it('lead from the own page through the guideline into the work, and back to what was sent', async () => {
    const { page, complaints } = await visitor(browser, { address: server.address, as: lin });
    await open(page, base);
    await page.getByRole('heading', { name: 'Read the guideline before you begin: version 1' }).waitFor();
    await follow(page, 'g', `${base}/guideline`);
    await page.getByRole('button', { name: 'I have read it' }).click();
    await page.getByText('You read this version.').waitFor();

    await open(page, base);
    await page.getByRole('heading', { name: '3 tasks wait for you' }).waitFor();
    expect(await page.getByText('Read the guideline before').count()).toBe(0);
    await follow(page, 'Enter', `${base}/annotate`);
    await page.getByText('A to C have no place yet.').waitFor();
    await page.keyboard.type('123', { delay: 60 });
    await page.keyboard.press('Enter');

    // The next one is marked: nothing of it is judged, or read out, before it was asked for.
    await page.getByRole('heading', { name: 'Blurred' }).waitFor();
    expect(await page.getByText('Marked: Violence').count()).toBe(1);
    await page.keyboard.type('123', { delay: 60 });
    await page.keyboard.press('b');
    await page.getByText('A to C have no place yet.').waitFor();

    await open(page, `${base}/history`);
    const sent = page.getByRole('listitem').filter({ hasText: 'How do I descale a kettle?' });
    await sent.getByText('Task and your answer').click();
    await sent.getByRole('img', { name: 'Place 1' }).waitFor();
    await sent.getByRole('button', { name: 'Take back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await page.waitForURL(`**${base}/annotate`);
    await open(page, `${base}/history`);
    await page.getByRole('listitem').getByText('Taken back').first().waitFor();
    expect(serious(complaints)).toEqual([]);
  });

  it('let a task be reported and written about; the lead answers, and names and text stay inert', async () => {
    const { page, complaints } = await visitor(browser, { address: server.address, as: lin });
    await open(page, `${base}/annotate`);
    await page.getByText('Rank 3 answers').waitFor();
    if (await page.getByRole('heading', { name: 'Blurred' }).count()) await page.keyboard.press('b');
    await page.getByRole('button', { name: 'Help with this task' }).click();
    await page.getByRole('button', { name: 'Message to the lead' }).click();
    await page.getByLabel('Message').fill(hostile);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('dialog').getByText(hostile).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Help with this task' }).click();
    await page.getByRole('button', { name: 'Report this task' }).click();
    await page.getByText('An answer is empty').click();
    await page.getByRole('button', { name: 'Report and skip' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const lead = await visitor(browser, { address: server.address, as: annotator });
    await open(lead.page, `${base}/messages`);
    await lead.page.getByText('1 unread').waitFor();
    const report = lead.page.getByRole('listitem').filter({ hasText: 'An answer is empty' });
    await report.getByLabel(`Answer to ${lin.name} (optional)`).fill('Thank you.');
    await report.getByRole('button', { name: 'Cancel the task' }).click();
    await lead.page.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click();
    await lead.page.getByText('No reports wait').waitFor();
    await lead.page.getByRole('link', { name: lin.name }).click();
    await lead.page.getByText(hostile).first().waitFor();
    expect(await lead.page.evaluate(() => 'stolen' in window)).toBe(false);

    await open(page, `${base}/messages`);
    await page.getByText('1 unread').waitFor();
    await page.getByRole('listitem').getByRole('link').first().click();
    await page.getByText('Thank you.').waitFor();
    expect(await page.content()).not.toContain(annotator.name);
    expect(serious([...complaints, ...lead.complaints])).toEqual([]);
  });

  it('tell a new guideline at once, and keep what a person set for himself', async () => {
    const { db } = database;
    const deps = { db, clock: systemClock };
    const { id } = await db.user.findUniqueOrThrow({ where: { email: annotator.email } });
    const reader = await db.user.findUniqueOrThrow({ where: { email: lin.email } });
    await markGuidelineRead(deps, userActor(reader.id), { projectId, version: 1 });
    await saveGuideline(deps, userActor(id, true), { projectId, text: 'Best first.\nTies are welcome.', basedOn: 1 });
    const { page } = await visitor(browser, { address: server.address, as: lin });
    await open(page, base);
    await page.getByRole('heading', { name: 'The guideline changed: version 2' }).waitFor();
    await page.getByRole('link', { name: 'Read 1 change' }).click();
    await page.getByText('Ties are welcome.').waitFor();
    await open(page, `${base}/mine/settings`);
    await page.getByLabel('Violence').check();
    await page.getByLabel('Remind me of a break').selectOption('20');
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.reload();
    expect(await page.getByLabel('Violence').isChecked()).toBe(true);
    expect(await page.getByLabel('Remind me of a break').inputValue()).toBe('20');
  });

  it('have nothing that axe finds serious, and fit 360 px, in both themes and languages', async () => {
    const paths = [base, `${base}/history`, `${base}/guideline?from=1`, `${base}/messages`, `${base}/mine/settings`, `${base}/annotate`];
    for (const [theme, locale, width] of [
      ['light', 'en', 1280],
      ['dark', 'zh-CN', 360],
    ] as const) {
      const { page } = await visitor(browser, { address: server.address, as: lin, theme, locale, width });
      for (const path of paths) {
        await open(page, path);
        await page.getByRole('heading', { level: 1 }).first().waitFor();
        expect(await violations(page)).toEqual([]);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(over, `${width} ${path}`).toBeLessThanOrEqual(0);
      }
    }
  });
});
