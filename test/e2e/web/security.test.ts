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

describe('every page', () => {
  it('carries a policy with a nonce of its own, and no inline script without it', async () => {
    const policies = await Promise.all(
      [1, 2].map(async () => {
        const response = await fetch(`${server.address}/sign-in`);
        return { policy: response.headers.get('content-security-policy') ?? '', html: await response.text(), headers: response.headers };
      }),
    );
    const nonces = policies.map(({ policy }) => /'nonce-([^']+)'/.exec(policy)?.[1] ?? '');
    expect(new Set(nonces).size).toBe(2);
    for (const [index, { policy, html, headers }] of policies.entries()) {
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("base-uri 'none'");
      expect(policy).toContain("'strict-dynamic'");
      expect(policy).not.toContain('unsafe-eval');
      expect(policy.split('; ').filter((part) => part.includes('unsafe-inline'))).toEqual(["style-src-attr 'unsafe-inline'"]);
      const scripts = [...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
      expect(scripts.length).toBeGreaterThan(0);
      expect(scripts.filter((tag) => !tag.includes(`nonce="${nonces[index]}"`))).toEqual([]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
    }
  });
});

describe('a request that changes something', () => {
  async function asAdmin(origin: string | null) {
    const { context } = await visitor(browser, { address: server.address, as: admin });
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    return fetch(`${server.address}/api/trpc/projects.create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, ...(origin && { origin }) },
      body: JSON.stringify({ json: { name: 'Made from elsewhere' } }),
    });
  }

  it('is refused from another site and without an origin, and changes nothing', async () => {
    for (const origin of ['https://evil.example', null]) expect((await asAdmin(origin)).status).toBe(403);
    expect(await database.db.project.count({ where: { name: 'Made from elsewhere' } })).toBe(0);
    expect((await asAdmin(server.address)).status).toBe(200);
  });

  it('is refused to a signed-out caller, and an upload as well', async () => {
    const headers = { 'content-type': 'application/json', origin: server.address };
    const call = await fetch(`${server.address}/api/trpc/projects.create`, { method: 'POST', headers, body: '{"json":{"name":"x"}}' });
    expect(call.status).toBe(401);
    const upload = await fetch(`${server.address}/api/projects/${world.projectId}/prompts?name=x`, {
      method: 'POST',
      headers,
      body: '{"prompt":"x"}',
    });
    expect(upload.status).toBe(401);
    expect((await upload.json()).shown.code).toBe('UNAUTHENTICATED');
  });

  it('answers a fault without a stack, a path or a statement', async () => {
    const response = await fetch(
      `${server.address}/api/trpc/runs.get?input=${encodeURIComponent('{"json":{"runId":"%00\\u0000 or 1=1"}}')}`,
    );
    const text = await response.text();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/\.ts|node_modules|prisma|select |at Object/i);
  });
});

describe('an annotator', () => {
  it('is told which role opens a page, and gets no model, run or label over the API', async () => {
    const { context, page } = await visitor(browser, { address: server.address, as: outsider });
    for (const path of ['models', 'runs', 'loops', 'data', 'settings']) {
      await page.goto(`${server.address}/p/${world.slug}/${path}`);
      await page.getByRole('heading', { name: 'Your role does not open this page' }).waitFor();
    }
    for (const [name, input] of [
      ['models.list', { projectId: world.projectId }],
      ['runs.get', { runId: world.policyRunId }],
      ['runs.samples', { runId: world.policyRunId }],
      ['loops.get', { loopId: world.loopId }],
      ['data.datasets', { projectId: world.projectId }],
    ] as const) {
      const response = await context.request.get(
        `${server.address}/api/trpc/${name}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`,
      );
      expect(response.status(), name).toBe(403);
      expect(await response.text(), name).not.toContain('policy averylong');
    }
  });
});

describe('hostile text', () => {
  it('stays text on every page that shows it', async () => {
    const { page, complaints } = await visitor(browser, { address: server.address, as: admin });
    const paths = [
      '/',
      `/p/${world.slug}`,
      `/p/${world.slug}/data?dataset=${world.datasetId}`,
      `/p/${world.slug}/loops`,
      `/p/${world.slug}/loops/${world.loopId}`,
      `/p/${world.slug}/runs/${world.policyRunId}`,
      `/p/${world.slug}/settings`,
    ];
    for (const path of paths) {
      await page.goto(`${server.address}${path}`, { waitUntil: 'load' });
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      expect(await page.evaluate(() => 'stolen' in window), path).toBe(false);
      expect(await page.locator('main img, main script').count(), path).toBe(0);
    }
    await page.goto(`${server.address}/p/${world.slug}/data?dataset=${world.datasetId}`);
    expect(await page.getByText('<script>window.stolen = true</script>').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });
});
