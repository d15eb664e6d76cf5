import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { migrateQueues } from '#lib/queues/connection';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { annotator, createRankingProject, type RankingTask } from '../../support/ranking-tasks';
import { WebServer } from '../../support/web-server';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let state: Awaited<ReturnType<BrowserContext['storageState']>>;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateQueues({ databaseUrl: database.url, redisUrl: null });
  await createRankingProject(database.db, []);
  server = await WebServer.start(database.url);
  browser = await launchChromium();
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${server.address}/sign-in`, { waitUntil: 'networkidle' });
  await page.fill('input[name=email]', annotator.email);
  await page.fill('input[name=password]', annotator.password);
  await page.click('button[type=submit]');
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  state = await context.storageState();
  await context.close();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

function plainTasks(count: number, answers = 4): RankingTask[] {
  return Array.from({ length: count }, (_, index) => ({
    prompt: `Question ${index}`,
    answers: words.slice(0, answers).map((word) => `Answer ${word} to question ${index}.`),
  }));
}

async function open(tasks: readonly RankingTask[], options: Parameters<Browser['newContext']>[0] = {}) {
  const project = await createRankingProject(database.db, tasks);
  const context = await browser.newContext({ storageState: state, locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  contexts.push(context);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  const goto = async () => {
    await page.goto(`${server.address}/p/${project.slug}/annotate`);
    await page.waitForSelector('article');
  };
  await goto();
  return { project, context, page, goto, problems };
}

async function press(page: Page, keys: string, delay: number): Promise<void> {
  for (const key of keys.split(' ')) {
    await page.keyboard.press(key);
    if (delay > 0) await page.waitForTimeout(delay);
  }
}

const annotationsOf = (projectId: string) =>
  database.db.annotation.findMany({
    where: { task: { projectId } },
    orderBy: { createdAt: 'asc' },
    include: { task: { include: { prompt: true } } },
  });

function ranksOf(annotation: { content: unknown; displayOrder: string[] }): (number | null)[] {
  const { ranks } = annotation.content as { ranks: Record<string, number> };
  return annotation.displayOrder.map((id) => ranks[id] ?? null);
}

async function until(what: () => Promise<boolean>): Promise<void> {
  await expect.poll(what, { timeout: 60_000, interval: 50 }).toBe(true);
}

const promptOf = (page: Page) => page.locator('section[aria-label="Prompt"]').innerText();
const badges = (page: Page) => page.locator('article header .rank').allTextContents();

async function seriousFaults(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axeFile }).catch(async () => {
    // The page's policy lets no such script in; the debugger may.
    await page.evaluate(await (await import('node:fs/promises')).readFile(axeFile, 'utf8'));
  });
  const violations = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')))",
  );
  return violations as string[];
}

describe('by keyboard', () => {
  it('ranks four answers with a tie at 60 ms a key, and the next task is there at once', async () => {
    const { project, page, problems } = await open(plainTasks(3));
    expect(await badges(page)).toEqual(['–', '–', '–', '–']); // nothing from the display order
    await press(page, '2 1 2 3', 60);
    expect(await badges(page)).toEqual(['2=', '1', '2=', '4']);
    expect(await page.getByTestId('announcer').innerText()).toBe('D, place 4 of 4. Ready');
    await page.keyboard.press('Enter');
    expect(await promptOf(page)).toContain('Question 1');
    expect(await badges(page)).toEqual(['–', '–', '–', '–']);
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
    const [annotation] = await annotationsOf(project.projectId);
    expect(ranksOf(annotation!)).toEqual([2, 1, 2, 3]);
    expect(annotation?.displayOrder).toHaveLength(4);
    expect(problems).toEqual([]);
  });

  it('types three tasks ahead without any pause, over a slow network: every key counts', async () => {
    const { project, page, context } = await open(plainTasks(3));
    await context.route('**/api/trpc/**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await press(page, '3 1 4 2 Enter 1 2 x 3 Enter 4 4 1 1 Enter', 0);
    await until(async () => (await annotationsOf(project.projectId)).length === 3);
    expect(
      (await annotationsOf(project.projectId)).map((one) => [
        (one.task.prompt.messages as { content: string }[])[0]?.content,
        ranksOf(one),
      ]),
    ).toEqual([
      ['Question 0', [3, 1, 4, 2]],
      ['Question 1', [1, 2, null, 3]],
      ['Question 2', [2, 2, 1, 1]],
    ]);
    await page.getByText('Nothing to do right now').waitFor();
    expect(await page.locator('header').innerText()).toContain('3 of 3 today');
  });

  it('Submit waits with its reason beside it, and no key sends an untouched task', async () => {
    const { project, page } = await open(plainTasks(1));
    await press(page, 'Enter 1 2 3 Enter', 30);
    const submit = page.getByRole('button', { name: 'Submit' });
    expect(await submit.getAttribute('aria-disabled')).toBe('true');
    const why = await submit.getAttribute('aria-describedby');
    expect(await page.locator(`#${why}`).innerText()).toMatch(/D has no place yet\.\s+Press 1–4, or X to set it aside/);
    await submit.click({ force: true });
    expect(await annotationsOf(project.projectId)).toEqual([]);
    await press(page, 'x', 0);
    expect(await page.locator(`#${why}`).innerText()).toMatch(/Ready\.\s+A, then B, then C, D left out/);
  });

  it('takes back after sending, and sends the change', async () => {
    const { project, page } = await open(plainTasks(3));
    await press(page, '1 2 3 4 Enter', 20);
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
    await page.getByRole('button', { name: 'Take back' }).waitFor();
    await press(page, 'z 1 Enter', 0); // typed on while it comes back: D, which had the focus, joins A
    await until(async () => (await annotationsOf(project.projectId)).length === 3);
    const [first, withdrawal, again] = await annotationsOf(project.projectId);
    expect(withdrawal?.withdrawsId).toBe(first?.id);
    expect(ranksOf(again!)).toEqual([1, 2, 3, 1]);
    await until(async () => (await promptOf(page)).includes('Question 1'));
  });

  it('works without single keys: Tab, buttons, Enter', async () => {
    const { project, page } = await open(plainTasks(1, 2));
    await page.keyboard.press('?');
    await page.getByRole('checkbox', { name: 'Single keys' }).uncheck();
    await page.keyboard.press('Escape');
    await press(page, '1 2 z s', 20);
    expect(await badges(page)).toEqual(['–', '–']);
    await page.locator('article').nth(0).getByRole('button', { name: 'Place 2' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('article').nth(1).getByRole('button', { name: 'Place 1' }).focus();
    await page.keyboard.press('Space');
    expect(await badges(page)).toEqual(['2', '1']);
    await page.keyboard.press('Control+Enter');
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
  });

  it('offers the reasons to skip that the project takes, numbered as they stand', async () => {
    const { project, page } = await open(plainTasks(2));
    const labelingPolicy = { skip: { reasons: ['OTHER', 'TOO_LONG'] } };
    await database.db.project.update({ where: { id: project.projectId }, data: { labelingPolicy } });
    await page.reload();
    await page.getByText('Question 0').first().waitFor();
    await press(page, 's', 30);
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.locator('button', { has: page.locator('kbd') }).allInnerTexts()).toHaveLength(3); // two reasons, and the way back
    await page.keyboard.press('1');
    await until(
      async () => (await database.db.assignment.count({ where: { task: { projectId: project.projectId }, skipReason: 'TOO_LONG' } })) === 1,
    );
  });

  it('skips with a reason, folds the prompt, opens the guideline, marks word differences', async () => {
    const { project, page } = await open(plainTasks(2));
    await press(page, 'w g', 30);
    await page.getByRole('complementary', { name: 'Guideline 1' }).waitFor();
    expect(await page.evaluate("CSS.highlights.get('word-difference').size")).toBe(3); // one word in each other answer
    await press(page, 'Escape p s', 30);
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('2');
    await until(async () => (await promptOf(page)).includes('Question 1'));
    await until(
      async () => (await database.db.assignment.count({ where: { task: { projectId: project.projectId }, skipReason: 'LANGUAGE' } })) === 1,
    );
  });
});

describe('a network that fails', () => {
  it('a stopped server: the ranking is kept, the work goes on, and it counts once when the server is back', async () => {
    const { project, page } = await open(plainTasks(3));
    await page.waitForLoadState('networkidle'); // the next task is preloaded
    await server.stop();
    try {
      await press(page, '4 3 2 1 Enter', 30);
      expect(await promptOf(page)).toContain('Question 1');
      await page.getByText('Offline: 1 answer waits in this browser').waitFor();
    } finally {
      await server.start();
    }
    // The page may have tried again by itself by now: then the button is gone.
    const sent = page.getByText('Offline').waitFor({ state: 'detached' });
    await Promise.race([page.getByRole('button', { name: 'Send now' }).click(), sent]);
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
    await sent;
    expect((await annotationsOf(project.projectId)).map(ranksOf)).toEqual([[4, 3, 2, 1]]);
  });

  it('a part that cannot be loaded now: the work goes on, and the part comes when the connection is back', async () => {
    const { page, context } = await open(plainTasks(3));
    await page.waitForLoadState('networkidle');
    let refused = 0;
    await context.route('**/_next/static/**', (route) => {
      refused += 1;
      return route.abort();
    });
    await page.getByLabel('Help with this task').click();
    await page.getByRole('button', { name: 'Report this task' }).click();
    await until(async () => refused >= 2);
    await page.waitForTimeout(1500);
    expect(await promptOf(page)).toContain('Question 0');
    await context.unroute('**/_next/static/**');
    await page.getByRole('dialog').getByRole('button').first().waitFor();
    await page.keyboard.press('Escape');
    await press(page, '4 3 2 1 Enter', 30);
    await until(async () => (await promptOf(page)).includes('Question 1'));
  });

  it('an answer lost on the way back, then a reload: sent again under the same key, one row', async () => {
    const { project, page, context, goto } = await open(plainTasks(3));
    let tries = 0;
    await context.route('**/api/trpc/labeling.submit*', async (route) => {
      tries += 1;
      if (tries > 1) return route.continue();
      await route.fetch();
      await route.abort();
    });
    await press(page, '1 1 2 2 Enter', 30);
    await page.getByText('Offline: 1 answer waits').waitFor();
    expect(await annotationsOf(project.projectId)).toHaveLength(1);
    await goto();
    await until(async () => tries >= 2);
    expect(await promptOf(page)).toContain('Question 1');
    await until(
      async () => (await page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('plumbline.letter')).length")) === 0,
    );
    expect(await annotationsOf(project.projectId)).toHaveLength(1);
  });

  it('a reload keeps the draft', async () => {
    const { page, goto } = await open(plainTasks(1));
    await press(page, '3 x', 30);
    await goto();
    await until(async () => JSON.stringify(await badges(page)) === JSON.stringify(['3', '', '–', '–']));
    expect(await page.locator('article').nth(1).locator('header .rank').getAttribute('aria-label')).toBe('Set aside');
  });
});

describe('on every screen', () => {
  const ugly: RankingTask = {
    prompt: `${'Context '.repeat(200)}\n\nSo?`,
    answers: [
      `${'x'.repeat(600)} https://example.org/${'a'.repeat(200)}`,
      `| one | a column with a long heading | three | four | five |\n|---|---|---|---|---|\n| 1 | 2 | 3 | 4 | 5 |\n\n${'Word '.repeat(600)}`,
      '```js\nconst line = "a line of code that is far too long for a phone, and for a column as well, so it scrolls";\n```',
      'مرحبا بالعالم\n\n- واحد\n- اثنان',
    ],
  };

  it('a phone of 360 px: no sideways scroll, decided by thumb', async () => {
    const { project, page } = await open([ugly, ...plainTasks(1)], {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    expect(
      await page.evaluate('document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight'),
    ).toBe(true);
    const foot = page.locator('footer').last();
    for (const place of ['2', '1', '2']) await foot.getByRole('button', { name: new RegExp(`^Place ${place}`) }).tap();
    expect(await page.getByRole('tab', { selected: true }).innerText()).toContain('D');
    const box = await foot.getByRole('button', { name: 'Place 1, ties with B' }).boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(44);
    expect(box?.width).toBeGreaterThanOrEqual(44);
    expect(box?.y).toBeGreaterThan((740 * 2) / 3 - 48);
    await foot.getByRole('button', { name: 'Set aside' }).tap();
    await foot.getByRole('button', { name: 'Submit' }).tap();
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
    expect(ranksOf((await annotationsOf(project.projectId))[0]!)).toEqual([2, 1, 2, null]);
  });

  it('nothing moves when places are given', async () => {
    const { page } = await open(plainTasks(1));
    const parts =
      'article, article > *, article footer button[aria-label^=Place], main > div > footer > :not(section), header.bar > :not(span)';
    const boxes = () =>
      page.evaluate(
        `[...document.querySelectorAll('${parts}')].map((e) => { const r = e.getBoundingClientRect(); return [e.tagName, r.x, r.y, r.width, r.height].join(' '); })`,
      );
    const before = await boxes();
    await press(page, '2 1', 30);
    expect(await boxes()).toEqual(before);
    await press(page, '2 x', 30);
    await page.waitForTimeout(1800); // draft saved
    expect(await boxes()).toEqual(before);
  });

  it('nine answers: columns of 320 px, scrolled by focus, all placed by keys', async () => {
    const { project, page } = await open(plainTasks(1, 9));
    for (const box of await page.locator('article').all()) expect((await box.boundingBox())?.width).toBeGreaterThanOrEqual(319);
    await press(page, '9 8 7 6 5 4 3 2 1', 20);
    const last = await page.locator('article').nth(8).boundingBox();
    expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(1280);
    await page.keyboard.press('Enter');
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
    expect(ranksOf((await annotationsOf(project.projectId))[0]!)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('no serious axe fault, %s at %i px', async (colorScheme, width) => {
    const { page } = await open([ugly], { colorScheme, viewport: { width, height: 800 } });
    expect(await seriousFaults(page)).toEqual([]);
    await press(page, '1 2 1 x', 30);
    expect(await seriousFaults(page)).toEqual([]);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });

  it('in Chinese', async () => {
    const { page } = await open(plainTasks(1), { locale: 'zh-CN' });
    await press(page, '1 2 3', 30);
    expect(await page.locator('#why').innerText()).toMatch(/D 还没有名次。/);
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
  });
});

describe('what may not be', () => {
  it('a hostile answer does nothing: no dialog, no request, no navigation', async () => {
    const hostile = [
      '<script>alert(1)</script><img src=https://evil.example/a.png onerror=alert(1)><iframe src="javascript:alert(1)"></iframe>',
      '![x](https://evil.example/beacon.png) [click](javascript:alert(1)) <svg onload=alert(1)>',
      '[open me](https://evil.example/there?q=1) <a href="https://evil.example" ping="https://evil.example">x</a>',
      '<style>*{display:none}</style><base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example">',
    ];
    const { page, context } = await open([{ prompt: hostile.join('\n'), answers: hostile }]);
    const outside: string[] = [];
    let dialogs = 0;
    context.on('request', (request) => !request.url().startsWith(server.address) && outside.push(request.url()));
    page.on('dialog', (dialog) => {
      dialogs += 1;
      void dialog.dismiss();
    });
    await page.reload();
    await page.waitForSelector('article');
    expect(
      await page.locator('article img, article script, article iframe, article style, article svg[onload], article base').count(),
    ).toBe(0);
    expect(await page.locator('article').first().isVisible()).toBe(true);
    await page.getByRole('link', { name: 'open me' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.innerText()).toContain('https://evil.example/there?q=1');
    const go = dialog.getByRole('link', { name: 'Open in a new tab' });
    expect(await go.getAttribute('rel')).toBe('noopener noreferrer');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.waitForTimeout(300);
    expect(outside).toEqual([]);
    expect(dialogs).toBe(0);
    expect(page.url()).toContain('/annotate');
  });

  it('nothing that reaches the browser names a model, a score or another person', async () => {
    const project = await createRankingProject(database.db, plainTasks(2), 'EVALUATION');
    const context = await browser.newContext({ storageState: state });
    contexts.push(context);
    const page = await context.newPage();
    const bodies: Promise<string>[] = [];
    const pages: Promise<string>[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/api/trpc')) bodies.push(response.text().catch(() => ''));
      else if (response.url().includes('/annotate')) pages.push(response.text().catch(() => ''));
    });
    await page.goto(`${server.address}/p/${project.slug}/annotate`);
    await page.waitForSelector('article');
    await press(page, '1 2 3 4 Enter 1 1', 20);
    await until(async () => (await annotationsOf(project.projectId)).length === 1);
    await page.waitForTimeout(1500);
    const all = (await Promise.all(bodies)).join('\n');
    expect(all).toContain('Answer one to question 1.');
    expect((await Promise.all(pages)).join('\n')).not.toContain('secret-model-name');
    expect(all).not.toMatch(/secret-model-name|modelVersion|sampleIndex|EVALUATION|"origin"|tokenIds|temperature/);
  });

  it('who does not annotate here is told which role may', async () => {
    const { project, page } = await open(plainTasks(1));
    await database.db.membership.updateMany({ where: { projectId: project.projectId }, data: { roles: ['RESEARCHER'] } });
    await page.reload();
    await page.getByText('Your role does not open this page').waitFor();
    expect(await page.locator('main').innerText()).toContain('Annotator');
    expect(await page.locator('article').count()).toBe(0);
  });
});
