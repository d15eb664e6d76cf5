import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { addLabels } from '../../support/labelled-world';
import { visitor } from '../../support/web-browser';
import { WebServer } from '../../support/web-server';
import { admin, createWebWorld, type WebWorld } from '../../support/web-world';

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let world: WebWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWebWorld(database.db);
  await addLabels(database.db, world);
  server = await WebServer.start(database.url);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

async function open(): Promise<{ page: Page; close: () => Promise<void>; complaints: readonly string[] }> {
  const { context, page, complaints } = await visitor(browser, { address: server.address, as: admin });
  await page.goto(`${server.address}/p/${world.slug}/settings/labeling`, { waitUntil: 'networkidle' });
  return { page, close: () => context.close(), complaints };
}

const project = () => database.db.project.findFirstOrThrow({ where: { slug: world.slug }, select: { id: true, labelingPolicy: true } });
const save = (page: Page) => page.locator('form button[type=submit]').last().click();

describe('the labeling policy', () => {
  it('is refused at the field, saved, and never over what somebody else saved unseen', async () => {
    const [one, two] = [await open(), await open()];
    const overlap = one.page.getByLabel('People a task');
    await overlap.fill('12');
    await save(one.page);
    await one.page.getByText('A whole number from 1 to 9.').waitFor();
    expect(await overlap.evaluate((element) => element === document.activeElement)).toBe(true);
    await overlap.fill('3');
    await save(one.page);
    await one.page.getByText('Saved. It holds from the next task on.').waitFor();
    expect((await project()).labelingPolicy).toMatchObject({ overlap: 3 });

    await two.page.getByLabel('People a task').fill('2');
    await save(two.page);
    await two.page.getByText('Somebody else changed this while the page was open: 1 before, 3 now.').waitFor();
    expect((await project()).labelingPolicy).toMatchObject({ overlap: 3 });
    expect(await two.page.getByLabel('People a task').inputValue()).toBe('2');
    await save(two.page);
    await expect.poll(async () => (await project()).labelingPolicy).toMatchObject({ overlap: 2 });
    expect(one.complaints).toEqual([]);
    await one.close();
    await two.close();
  });

  it('makes a pool, and moves tasks there by their data set', async () => {
    const { page, close, complaints } = await open();
    await page.getByRole('button', { name: 'Make a pool' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Medicine');
    await dialog.getByLabel('Skills').fill('medicine, law，medicine');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /Medicine.*with medicine and law.*nobody/ }).waitFor();
    const { id: projectId } = await project();
    const pool = await database.db.taskPool.findFirstOrThrow({ where: { projectId }, select: { id: true, skills: true } });
    expect(pool.skills).toEqual(['medicine', 'law']);

    await page.getByRole('button', { name: 'Move tasks' }).click();
    await dialog.getByText('Choose a data set or a kind.').waitFor();
    await dialog.getByLabel('Kind of task').selectOption('RANKING');
    const wanted = await database.db.task.count({ where: { projectId, status: 'OPEN', kind: 'RANKING' } });
    expect(wanted).toBeGreaterThan(0);
    await dialog.getByRole('button', { name: new RegExp(`^Move ${wanted} tasks?$`) }).click();
    await expect.poll(() => database.db.task.count({ where: { poolId: pool.id } })).toBe(wanted);
    expect(complaints).toEqual([]);
    await close();
  });
});
