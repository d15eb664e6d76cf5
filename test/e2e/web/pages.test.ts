import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { visitor } from '../../support/web-browser';
import { WebServer } from '../../support/web-server';
import { admin, createWebWorld, invite, type WebWorld, writeMetrics } from '../../support/web-world';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let world: WebWorld;
let paths: readonly string[];

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWebWorld(database.db);
  server = await WebServer.start(database.url);
  browser = await launchChromium();
  const project = `/p/${world.slug}`;
  paths = [
    '/',
    project,
    `${project}/data?dataset=${world.datasetId}`,
    `${project}/models`,
    `${project}/models/${world.modelId}`,
    `${project}/settings`,
    `${project}/loops`,
    `${project}/loops/${world.loopId}`,
    `${project}/runs`,
    `${project}/runs/${world.rewardRunId}`,
    `${project}/runs/${world.policyRunId}`,
    `${project}/runs/00000000-0000-4000-8000-000000000000`,
    '/p/nothing-here',
  ];
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

interface Violation {
  id: string;
  impact: string | null;
  nodes: { target: unknown[]; failureSummary?: string }[];
}

/** What axe finds serious or critical, in words that lead to the element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe: run } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await run.run()).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${page.url()} ${id} ${JSON.stringify(node.target)} ${node.failureSummary}`));
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${server.address}${path}`, { waitUntil: 'load' });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
}

describe('every page', () => {
  for (const theme of ['light', 'dark'] as const) {
    for (const locale of ['en', 'zh-CN'] as const) {
      it(`has nothing that axe finds serious: ${theme}, ${locale}`, async () => {
        const { page, complaints } = await visitor(browser, { address: server.address, as: admin, theme, locale });
        const found: string[] = [];
        for (const path of paths) {
          await open(page, path);
          expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme])).toEqual([
            locale,
            theme,
          ]);
          found.push(...(await violations(page)));
        }
        const signedOut = await visitor(browser, { address: server.address, theme, locale });
        for (const path of ['/sign-in', `/join/${await invite(database.db, world.projectId, ['ANNOTATOR'])}`, '/join/not-a-token']) {
          await open(signedOut.page, path);
          found.push(...(await violations(signedOut.page)));
        }
        expect(found).toEqual([]);
        // The page that is not there answers 404, and the browser says so.
        expect([...complaints, ...signedOut.complaints].filter((line) => !line.includes('404'))).toEqual([]);
      });
    }
  }

  it('does not scroll sideways on a phone of 360 px', async () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      const { page } = await visitor(browser, { address: server.address, as: admin, width: 360, locale });
      for (const path of paths) {
        await open(page, path);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(over, `${locale} ${path}`).toBeLessThanOrEqual(0);
      }
    }
  });

  it('keeps theme and language over a reload, set before the first paint', async () => {
    const { page } = await visitor(browser, { address: server.address, as: admin });
    await open(page, '/');
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await page.getByRole('button', { name: 'Language: English' }).click();
    await page.getByRole('button', { name: '简体中文' }).click();
    await page.getByRole('heading', { name: '项目' }).first().waitFor();
    const html = await (await page.context().request.get(`${server.address}/`)).text();
    expect(html).toMatch(/<html lang="zh-CN" data-theme="dark"/);
  });
});

describe('a run that goes on', () => {
  it('draws new steps and its end without a reload', async () => {
    const { page, complaints } = await visitor(browser, { address: server.address, as: admin });
    await open(page, `/p/${world.slug}/runs/${world.policyRunId}`);
    const reward = page
      .locator('section.card')
      .filter({ hasText: 'Reward' })
      .filter({ has: page.locator('svg[role=img]') })
      .first();
    const path = reward.locator('svg path').first();
    const before = await path.getAttribute('d');
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));

    await writeMetrics(database.db, world.policyRunId, 81, 120);
    await database.db.run.update({ where: { id: world.policyRunId }, data: { step: 120 } });
    await page.getByText('step 120 of 200').waitFor();
    await expect.poll(() => path.getAttribute('d')).not.toBe(before);
    await reward.getByText('As a table').click();
    await expect.poll(() => reward.locator('tbody tr').last().innerText()).toContain('120\t1.2');

    await database.db.run.update({
      where: { id: world.policyRunId },
      data: { status: 'FAILED', reason: 'NaN in tensor model.norm.weight at step 121.', reasonCode: 'INVARIANT', finishedAt: new Date() },
    });
    await page.getByText('NaN in tensor model.norm.weight at step 121.').first().waitFor();
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('exports its metrics as CSV and its curves as PNG', async () => {
    const { page } = await visitor(browser, { address: server.address, as: admin });
    await open(page, `/p/${world.slug}/runs/${world.policyRunId}`);
    const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Metrics as CSV' }).click()]);
    const [head = '', first = ''] = readFileSync(await csv.path(), 'utf8').split('\r\n');
    expect(head.split(',')).toContain('reward/score');
    expect(Number(first.split(',')[head.split(',').indexOf('reward/score')])).toBe(0.01);
    const [png] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Curves as PNG' }).click()]);
    const bytes = readFileSync(await png.path());
    expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(bytes.length).toBeGreaterThan(5000);
  });
});

describe('the reward gate', () => {
  it('takes no decision without a reason, and keeps the reason with the name', async () => {
    const { page } = await visitor(browser, { address: server.address, as: admin });
    await open(page, `/p/${world.slug}/loops/${world.loopId}`);
    await page.getByRole('heading', { name: 'Round 1 waits for your decision at the reward gate' }).waitFor();
    await page.getByText('likely 61–71%, 40 prompts').waitFor();
    await page.getByRole('button', { name: 'Decide' }).click();
    await page.getByRole('radio', { name: /Stop the loop here/ }).check();
    // It looks closed, but says why when it is pressed.
    await page.getByRole('button', { name: 'Stop the loop here' }).click({ force: true });
    await page.getByText('A reason is needed before this can be decided.').waitFor();
    expect(await database.db.round.findUniqueOrThrow({ where: { id: world.waitingRoundId } })).toMatchObject({ status: 'WAITING' });

    await page.getByLabel('Why').fill('The answers are all the same.');
    await page.getByRole('button', { name: 'Stop the loop here' }).click();
    await page.getByText('Loop stopped by Mara Voss').waitFor();
    await page.getByText('The answers are all the same.').waitFor();
    expect(await database.db.round.findUniqueOrThrow({ where: { id: world.waitingRoundId } })).toMatchObject({
      status: 'DONE',
      outcome: 'STOPPED',
    });
  });
});

describe('health', () => {
  it('is live and ready, and says why not when the database is gone', async () => {
    expect((await fetch(`${server.address}/health/live`)).status).toBe(200);
    const ready = await fetch(`${server.address}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, expect.objectContaining({ status: 'ready' })]);
    const lost = await createTestDatabase();
    const orphan = await WebServer.start(lost.url);
    await lost.drop();
    const answer = await fetch(`${orphan.address}/health/ready`);
    expect([answer.status, await answer.json()]).toEqual([503, { status: 'not-ready', reason: 'The database does not answer.' }]);
    expect((await fetch(`${orphan.address}/health/live`)).status).toBe(200);
    await orphan.close();
  });
});
