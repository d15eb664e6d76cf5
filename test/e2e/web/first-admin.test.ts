import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '#lib/domain/clock';
import { createFirstAdminInvitation } from '#lib/services/people/create-first-admin-invitation';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { visitor } from '../../support/web-browser';
import { WebServer } from '../../support/web-server';

let database: TestDatabase;
let server: WebServer;
let browser: Browser;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await WebServer.start(database.url);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

it('goes from the one-time link to a project, prompts, a guideline and a second person', async () => {
  const link = await createFirstAdminInvitation({ db: database.db, clock: systemClock }, { kind: 'system', name: 'test' });
  const { page, complaints } = await visitor(browser, { address: server.address });
  await page.goto(`${server.address}/join/${link?.token}`);
  await page.getByLabel('Name').fill('Mara Voss');
  await page.getByLabel('Email').fill('mara@example.org');
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('The password needs at least 10 characters.').waitFor();
  await page.getByLabel('Password').fill('a long enough secret');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('heading', { name: /Mara Voss/ }).waitFor();
  expect(await database.db.user.findMany({ select: { email: true, isSystemAdmin: true } })).toEqual([
    { email: 'mara@example.org', isSystemAdmin: true },
  ]);

  await page.getByLabel('Name').fill('Children’s stories');
  await page.getByRole('button', { name: 'Create the project' }).click();
  await page.getByRole('heading', { name: 'A new project, nothing in it yet' }).waitFor();
  const slug = new URL(page.url()).pathname.split('/').at(-1);

  const lines = Array.from({ length: 12 }, (_, index) => `{"prompt": "Tell me about number ${index}."}`);
  const file = {
    name: 'stories.jsonl',
    mimeType: 'application/jsonl',
    buffer: Buffer.from([...lines, lines[0], '{"prompt": 7}'].join('\n')),
  };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByRole('heading', { name: '12 prompts are here now' }).waitFor();
  const counts = await page.locator('dl').filter({ hasText: 'Taken' }).locator('dd').allInnerTexts();
  expect(counts).toEqual(['12', '1', '1']);
  await page.getByText('Line 14:').waitFor();
  expect(await database.db.prompt.count()).toBe(12);

  await page.getByRole('button', { name: 'Edit the draft' }).click();
  await page.getByLabel('Guideline, version 1').fill('The shorter story is better.');
  await page.getByRole('button', { name: 'Save as version 2' }).click();
  await page.getByText('Version 2 is in use.').waitFor();

  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const invitation = await page.getByLabel('Invitation link').inputValue();
  expect(invitation.startsWith(`${server.address}/join/`)).toBe(true);

  const second = await visitor(browser, { address: server.address });
  await second.page.goto(invitation);
  await second.page.getByRole('heading', { name: 'Join Children’s stories' }).waitFor();
  await second.page.getByLabel('Name').fill('Ana');
  await second.page.getByLabel('Email').fill('ana@example.org');
  await second.page.getByLabel('Password').fill('another long secret');
  await second.page.getByRole('button', { name: 'Join' }).click();
  await second.page.waitForURL(`**/p/${slug}`);
  const tabs = second.page.getByRole('navigation', { name: 'Project pages' }).first().getByRole('link');
  await tabs.filter({ hasText: 'Guideline' }).waitFor();
  expect(await tabs.allInnerTexts()).toEqual(['Your work', 'Annotate', 'History', 'Guideline', 'Messages']);
  await tabs.filter({ hasText: 'Guideline' }).click();
  await second.page.getByText('The shorter story is better.').waitFor();

  const third = await visitor(browser, { address: server.address });
  await third.page.goto(invitation);
  await third.page.getByText('It was used already.').waitFor();
  expect([...complaints, ...second.complaints, ...third.complaints]).toEqual([]);
});

it('makes no second first admin', async () => {
  expect(await createFirstAdminInvitation({ db: database.db, clock: systemClock }, { kind: 'system', name: 'test' })).toBeNull();
});
