import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultPart } from '#lib/domain/default-parts';
import { defaultForm, type FormSpec } from '#lib/domain/forms';
import { migrateQueues } from '#lib/queues/connection';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createKindProject } from '../../support/kind-tasks';
import { createRankingProject, type RankingTask } from '../../support/ranking-tasks';
import { WebServer } from '../../support/web-server';
import { annotationsOf, badges, faultsOf, newContext, press, promptOf, type SignedIn, signIn, until } from './annotate-page';

let database: TestDatabase;
let server: WebServer;
let browser: Browser;
let state: SignedIn;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateQueues({ databaseUrl: database.url, redisUrl: null });
  await createRankingProject(database.db, []);
  server = await WebServer.start(database.url);
  browser = await launchChromium();
  state = await signIn(browser, server.address);
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await database?.drop();
});

const tasksOf = (count: number, answers: number): RankingTask[] =>
  Array.from({ length: count }, (_, index) => ({
    prompt: `Question ${index}`,
    answers: ['one', 'two', 'three', 'four'].slice(0, answers).map((word) => `Answer ${word} to question ${index}.`),
  }));

async function open(tasks: readonly RankingTask[], spec: FormSpec, options: BrowserContextOptions = {}) {
  const { projectId, slug } = await createKindProject(database.db, tasks, spec);
  const guideline = await database.db.guideline.findFirstOrThrow({ where: { projectId } });
  await database.db.membership.updateMany({ where: { projectId }, data: { guidelineReadId: guideline.id } });
  const context = await newContext(browser, state, options);
  contexts.push(context);
  const address = `${server.address}/p/${slug}/annotate`;
  const page = await context.newPage();
  const goto = async (to: Page = page, query = '') => {
    await to.goto(`${address}${query}`);
    await to.waitForSelector('article');
  };
  await goto();
  const annotations = () => annotationsOf(database.db, projectId);
  return { page, context, goto, projectId, annotations };
}

const contentOf = (annotation: { content: unknown } | undefined) => annotation?.content as Record<string, unknown>;

describe('a choice between two', () => {
  it('one key answers and sends in one request, comes back with Z, and can be two keys', async () => {
    const { page, annotations } = await open(tasksOf(5, 2), defaultForm('PAIRWISE'));
    await page.waitForLoadState('networkidle');
    const calls: string[] = [];
    page.on('request', (request) => {
      const call = /labeling\.(\w+)/.exec(request.url())?.[1];
      if (call !== undefined) calls.push(call);
    });
    await press(page, 'Enter'); // untouched: nothing
    await press(page, '3');
    expect(await promptOf(page)).toContain('Question 1');
    await until(async () => (await annotations()).length === 1);
    await page.getByText('Sent: A is slightly better').waitFor();
    expect(calls).toEqual(['submit']); // its answer brought the task after the preloaded one
    const [first] = await annotations();
    expect(contentOf(first)).toEqual({ ranks: { [first!.displayOrder[0]!]: 1, [first!.displayOrder[1]!]: 2 }, aside: [], strength: 1 });
    await press(page, 'z');
    await until(async () => (await promptOf(page)).includes('Question 0'));
    expect(await page.locator('button[aria-pressed=true]', { hasText: 'A is slightly better' }).count()).toBe(1);
    await press(page, '0 7 4', 60); // both bad; then two more tasks, 60 ms a key
    await until(async () => (await annotations()).length === 5);
    const [, withdrawal, bad, much, tie] = await annotations();
    expect(withdrawal?.withdrawsId).toBe(first?.id);
    expect(contentOf(bad)).toMatchObject({ bothBad: true });
    expect(contentOf(much)).toMatchObject({ strength: 3 });
    expect(new Set(Object.values(contentOf(tie).ranks as object))).toEqual(new Set([1]));
    await press(page, 'm 5 2');
    await page.getByText('Ready.').waitFor();
    expect(await annotations()).toHaveLength(5);
    await press(page, 'Enter');
    await until(async () => (await annotations()).length === 6);
    expect(contentOf((await annotations())[5])).toMatchObject({ strength: 2 });
  });
});

describe('ratings and flags', () => {
  it('by keyboard alone: digits fill what is asked, nothing untouched is sent, what is missing is said', async () => {
    const rating = await open(tasksOf(2, 2), defaultForm('RATING'));
    await press(rating.page, 'Enter 7 6 5 4 1', 60);
    expect(await rating.page.locator('#why').innerText()).toContain('3 ratings are missing.');
    await press(rating.page, '2 3 4 Enter', 60);
    await until(async () => (await rating.annotations()).length === 1);
    const [rated] = await rating.annotations();
    const [a, b] = rated!.displayOrder;
    const keys = ['overall', 'helpfulness', 'truthfulness', 'harmlessness'];
    const scores = (values: number[]) => Object.fromEntries(keys.map((key, index) => [key, values[index]]));
    expect(contentOf(rated)).toEqual({ ratings: { [a!]: scores([7, 6, 5, 4]), [b!]: scores([1, 2, 3, 4]) } });

    const flags = await open(tasksOf(2, 2), defaultForm('FLAGS'));
    await press(flags.page, 'Enter');
    expect(await flags.page.locator('#why').innerText()).toContain('A and B: nothing said yet.');
    await press(flags.page, '0 2 a Enter', 60);
    await until(async () => (await flags.annotations()).length === 1);
    const [flagged] = await flags.annotations();
    expect(contentOf(flagged)).toEqual({
      flags: { [flagged!.displayOrder[0]!]: [], [flagged!.displayOrder[1]!]: ['unsuitable', 'opinion'] },
    });
  });

  it('beside a ranking they open over the focused answer', async () => {
    const spec: FormSpec = {
      kind: 'RANKING',
      parts: [defaultPart('ranking'), defaultPart('flags'), { type: 'note', label: 'Why so', required: true }],
    };
    const { page, annotations } = await open(tasksOf(1, 4), spec);
    await press(page, '2 1 2 4 f', 60);
    await page.getByRole('region', { name: 'Flags on D' }).waitFor();
    await press(page, '2 Escape', 60);
    expect(await badges(page)).toEqual(['2=', '1', '2=', '4']); // the digit went to the flag
    expect(await page.locator('#why').innerText()).toContain('"Why so" is empty.');
    await press(page, 'n');
    await page.getByRole('textbox', { name: 'Why so' }).fill('B is short and right.');
    await press(page, 'Control+Enter');
    await until(async () => (await annotations()).length === 1);
    const [sent] = await annotations();
    expect(contentOf(sent)).toMatchObject({ note: 'B is short and right.', flags: { [sent!.displayOrder[3]!]: ['unsuitable'] } });
  });
});

describe('axe', () => {
  it.each(['light', 'dark'] as const)('finds no fault with any of these kinds, %s, wide and narrow', async (colorScheme) => {
    const full: FormSpec = { kind: 'RANKING', parts: [defaultPart('ranking'), defaultPart('rating'), defaultPart('flags')] };
    for (const spec of [full, defaultForm('PAIRWISE'), defaultForm('RATING'), defaultForm('FLAGS')]) {
      const { page } = await open(tasksOf(1, spec.kind === 'PAIRWISE' ? 2 : 3), spec, { colorScheme });
      await press(page, spec.kind === 'PAIRWISE' ? 'm 3' : '1 r');
      expect(await faultsOf(page), `${spec.kind} ${colorScheme}`).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await faultsOf(page), `${spec.kind} ${colorScheme} 360`).toEqual([]);
    }
  });
});

describe('by mouse and by touch', () => {
  it('a card dragged by its head onto the order gets that place, onto a card ties with it', async () => {
    const { page } = await open(tasksOf(1, 3), defaultForm('RANKING'));
    const drag = async (from: number, to: string, at: number) => {
      const head = await page.locator('article > header').nth(from).boundingBox();
      const target = await page.locator(to).first().boundingBox();
      await page.mouse.move(head!.x + 80, head!.y + 20);
      await page.mouse.down();
      await page.mouse.move(head!.x + 90, head!.y + 60);
      await page.mouse.move(target!.x + target!.width * at, target!.y + target!.height / 2, { steps: 4 });
      await page.mouse.up();
    };
    await press(page, '1');
    await drag(1, '[data-slot]', 0.1); // before A
    expect(await badges(page)).toEqual(['2', '1', '–']);
    await drag(2, 'article[data-answer="0"]', 0.5);
    expect(await badges(page)).toEqual(['2=', '1', '2=']);
    await press(page, 'z z');
    expect(await badges(page)).toEqual(['1', '–', '–']);
  });

  it('at 360 px a finger scrolls without reordering; a handle moves; the lower third decides', async () => {
    const tasks = [{ prompt: 'Question 0', answers: ['Short.', `${'A long answer. '.repeat(300)}`, 'Shorter.'] }];
    const { page, context, annotations } = await open(tasks, defaultForm('RANKING'), {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    const foot = page.locator('footer').last();
    for (const place of ['1', '2', '3']) await foot.getByRole('button', { name: new RegExp(`^Place ${place}`) }).tap();
    const session = await context.newCDPSession(page);
    const stroke = async (from: { x: number; y: number }, to: { x: number; y: number }) => {
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) =>
        session.send('Input.dispatchTouchEvent', { type, touchPoints });
      await touch('touchStart', [from]);
      for (let step = 1; step <= 8; step += 1) {
        await touch('touchMove', [{ x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 }]);
      }
      await touch('touchEnd', []);
    };
    const order = () => page.locator('[data-slot]').allInnerTexts();
    const before = await order();
    await stroke({ x: 180, y: 420 }, { x: 175, y: 220 }); // over the text
    await stroke({ x: 250, y: 560 }, { x: 60, y: 562 }); // over the order, beside the handles
    expect(await order()).toEqual(before);
    const slots = await page.locator('[data-slot]').all();
    const grip = await slots[2]!.locator('[data-grip]').boundingBox();
    const first = await slots[0]!.boundingBox();
    await stroke({ x: grip!.x + grip!.width / 2, y: grip!.y + grip!.height / 2 }, { x: first!.x + 2, y: first!.y + 20 });
    expect((await order()).map((slot) => slot.replace(/\s+/g, ''))).toEqual(['1C', '2A', '3B']);
    await foot.getByRole('button', { name: 'Submit' }).click(); // a tap right after a stroke only ends the stroke's own movement
    await until(async () => (await annotations()).length === 1);
  });
});

describe('nothing lost', () => {
  it('two pages of one person: one follows the other, and goes on when it sends', async () => {
    const { page, context, goto, annotations } = await open(tasksOf(3, 2), defaultForm('RANKING'));
    const other = await context.newPage();
    await goto(other);
    await press(page, '2');
    await until(async () => (await badges(other)).join() === '2,–');
    await press(page, '1 Enter');
    await until(async () => (await promptOf(other)).includes('Question 1'));
    await press(other, '1 2 Enter');
    await until(async () => (await annotations()).length === 2);
    await until(async () => (await promptOf(page)).includes('Question 2'));
  });

  it('signed out in the middle of a text: said, kept, and saved after signing in again', async () => {
    const spec: FormSpec = { kind: 'RANKING', parts: [defaultPart('ranking'), { type: 'note', label: 'Why so', required: false }] };
    const { page, context, projectId } = await open(tasksOf(1, 2), spec);
    await page.waitForLoadState('networkidle');
    const cookies = await context.cookies();
    await press(page, 'n');
    await page.getByRole('textbox', { name: 'Why so' }).pressSequentially('Before ');
    await context.clearCookies();
    await page.getByRole('textbox', { name: 'Why so' }).pressSequentially('and after.');
    const link = page.getByRole('link', { name: 'Sign in again; your draft is kept' });
    await link.waitFor();
    expect(await link.getAttribute('target')).toBe('_blank');
    await context.addCookies(cookies);
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await link.waitFor({ state: 'detached' });
    await until(async () => {
      const [assignment] = await database.db.assignment.findMany({ where: { task: { projectId }, draft: { not: {} } } });
      return JSON.stringify(assignment?.draft ?? '').includes('Before and after.');
    });
    await page.goBack();
    await page.goForward();
    await page.waitForSelector('article');
    await press(page, 'n');
    expect(await page.getByRole('textbox', { name: 'Why so' }).inputValue()).toBe('Before and after.');
  });

  it('an own answer is opened again, changed, and both are kept', async () => {
    const { page, goto, annotations } = await open(tasksOf(2, 2), defaultForm('RANKING'));
    await press(page, '1 2 Enter');
    await until(async () => (await annotations()).length === 1);
    const [first] = await annotations();
    await goto(page, `?correct=${first?.id}`);
    await page.getByRole('heading', { name: 'Change what you sent' }).waitFor();
    expect(await badges(page)).toEqual(['1', '2']);
    await press(page, 'ArrowRight 1 Enter', 30);
    await until(async () => (await annotations()).length === 2);
    expect((await annotations())[1]?.supersedesId).toBe(first?.id);
    await until(async () => (await promptOf(page)).includes('Question 1'));
  });

  it('answers of a megabyte stay usable, stacked as well as side by side', async () => {
    const lines = Array.from({ length: 14_000 }, (_, index) => `Line ${index}: ${'word '.repeat(13)}`).join('\n');
    const tasks = [{ prompt: 'Long', answers: [lines.slice(0, 1_000_000), 'x'.repeat(1_000_000), '\u202Eturned\u202C \u0007'] }];
    const { page, annotations } = await open(tasks, defaultForm('RANKING'));
    await press(page, 'w v 1 End 2 v 3', 30);
    expect(await badges(page)).toEqual(['1', '2', '3']);
    // The answers stand in an order of their own.
    expect(await page.locator('main').innerText()).toContain('Line 0:');
    await press(page, 'Enter');
    await until(async () => (await annotations()).length === 1);
  });
});
