import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { visitor } from '../../support/web-browser';
import { WebServer } from '../../support/web-server';
import { admin, createWebWorld, outsider, type WebWorld } from '../../support/web-world';

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let world: WebWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWebWorld(database.db);
  server = await WebServer.start(database.url);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.address, ...headers },
    body: JSON.stringify(body),
  });

describe('signing in', () => {
  it('sends a signed-out person there and back to where he wanted to go', async () => {
    const { page } = await visitor(browser, { address: server.address });
    await page.goto(`${server.address}/p/${world.slug}/loops/${world.loopId}`);
    await page.waitForURL('**/sign-in?next=*');
    await page.getByLabel('Email').fill(admin.email);
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Email and password do not belong together.').waitFor();
    await page.getByLabel('Password').fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`**/p/${world.slug}/loops/${world.loopId}`);
    await page.getByRole('button', { name: `Account: ${admin.name}` }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await page.goto(`${server.address}/`);
    await page.waitForURL('**/sign-in?next=*');
  });

  it('gives a cookie that scripts cannot read and other sites cannot send', async () => {
    const { context, page } = await visitor(browser, { address: server.address, as: admin });
    const [session] = (await context.cookies()).filter((cookie) => cookie.name.includes('session_token'));
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
    await page.goto(server.address);
    expect(await page.evaluate(() => document.cookie)).not.toContain('session');
  });

  it('lets nobody make an account without an invitation', async () => {
    const before = await database.db.user.count();
    const response = await post('/api/auth/sign-up/email', { name: 'X', email: 'x@example.org', password: 'a long enough secret' });
    expect(response.status).toBe(400);
    expect(await database.db.user.count()).toBe(before);
  });

  it('refuses a sign-in that another site asks for', async () => {
    const response = await post('/api/auth/sign-in/email', outsider, { origin: 'https://evil.example', cookie: 'x=1' });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('stops guessing at one account, whatever address it pretends to come from', async () => {
    const guess = (password: string, n: number) =>
      post('/api/auth/sign-in/email', { email: outsider.email, password }, { 'x-forwarded-for': `10.0.0.${n}` });
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await guess('wrong password', n)).status);
    expect(statuses.slice(0, 10)).toEqual(new Array(10).fill(401));
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect((await guess(outsider.password, 99)).status).toBe(429);

    const { page } = await visitor(browser, { address: server.address });
    await page.goto(`${server.address}/sign-in`);
    await page.getByLabel('Email').fill(outsider.email.toUpperCase());
    await page.getByLabel('Password').fill(outsider.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Too many tries. Wait five minutes, then try again.').waitFor();

    // Five minutes later the count begins anew.
    await database.db.rateLimit.updateMany({ data: { lastRequest: BigInt(Date.now() - 6 * 60_000) } });
    expect((await guess(outsider.password, 100)).status).toBe(200);
  });
});
