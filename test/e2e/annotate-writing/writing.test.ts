import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultForm, type TaskKind } from '#lib/domain/forms';
import { createKindTask, importTalkers } from '../../support/chat-tasks';
import { launchChromium } from '../../support/chromium';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createBareProject } from '../../support/labeling';
import { actor, createBench, type LoopBench } from '../../support/loop';
import { annotator, createRankingProject } from '../../support/ranking-tasks';
import { WebServer } from '../../support/web-server';
import { spawnWorker, type WorkerProcess } from '../../support/worker-process';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const family = '👩‍👩‍👧‍👦';
const hostile = '<script>document.title="run"</script> <img src=x onerror="document.title=1"> [a](javascript:alert(1)) \u202Ereversed';

let database: TestDatabase;
let bench: LoopBench;
let server: WebServer;
let browser: Browser;
let worker: WorkerProcess;
let state: Awaited<ReturnType<BrowserContext['storageState']>>;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await createBench('postgres', {}, database);
  await createRankingProject(database.db, []);
  [server, browser] = await Promise.all([WebServer.start(database.url), launchChromium()]);
  worker = spawnWorker(bench, 'chat');
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
  await worker?.kill('SIGTERM');
  await browser?.close();
  await server?.close();
  await bench?.drop();
});

interface Given {
  readonly prompt: string;
  readonly responses?: readonly string[];
  readonly spec?: object;
}

/** A project with these tasks, in this order, for the annotator alone. */
async function projectOf(kind: TaskKind, tasks: (projectId: string) => Promise<readonly Given[]> | readonly Given[]): Promise<string> {
  const { db } = database;
  const { projectId, guidelineId } = await createBareProject(db);
  const user = await db.user.findFirstOrThrow({ where: { email: annotator.email } });
  await db.membership.create({ data: { projectId, userId: user.id, roles: ['ANNOTATOR'], guidelineReadId: guidelineId } });
  for (const [index, { prompt, responses = [], spec = {} }] of (await tasks(projectId)).entries()) {
    const messages = [{ role: 'user' as const, content: prompt }];
    const taskId = await createKindTask(bench.deps, projectId, { kind, form: defaultForm(kind), messages, responses, spec });
    await db.slot.updateMany({ where: { taskId }, data: { priority: 100 - index } });
  }
  return projectId;
}

async function open(projectId: string, options: Parameters<Browser['newContext']>[0] = {}) {
  const { slug } = await database.db.project.findUniqueOrThrow({ where: { id: projectId } });
  const context = await browser.newContext({ storageState: state, locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  contexts.push(context);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  const goto = async () => {
    await page.goto(`${server.address}/p/${slug}/annotate`);
    await page.waitForSelector('#why');
  };
  await goto();
  return { page, goto, problems };
}

const contentsOf = async (projectId: string) =>
  (await database.db.annotation.findMany({ where: { task: { projectId } }, orderBy: { createdAt: 'asc' } })).map(({ content }) => content);
const why = (page: Page) => page.locator('#why').innerText();
const until = (what: () => Promise<boolean>) => expect.poll(what, { timeout: 60_000, interval: 50 }).toBe(true);
const sent = (projectId: string, count: number) => until(async () => (await contentsOf(projectId)).length === count);

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key, { delay: 10 });
}

/** In both themes. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axeFile, 'utf8'));
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    found.push(
      ...((await page.evaluate(
        "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')))",
      )) as string[]),
    );
  }
  return found;
}

const noSidewaysScroll = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');

describe('writing an answer', () => {
  it('is kept while it is written, previewed, helped by suggestions on wish, and sent by Ctrl+Enter', async () => {
    const suggestion = 'A prepared suggestion.';
    const projectId = await projectOf('DEMONSTRATION', () => [
      { prompt: `Why? ${hostile}`, spec: { suggestions: [suggestion] } },
      { prompt: '请写一首诗。' },
    ]);
    const { page, goto, problems } = await open(projectId);
    expect(await why(page)).toContain('Nothing is written yet.');
    await page.keyboard.type(`It **is** ${family}.`);
    await page.getByText('Draft saved').waitFor();
    await goto();
    expect(await page.locator('textarea').inputValue()).toBe(`It **is** ${family}.`);
    expect(await page.getByText(suggestion).count()).toBe(0);
    await page.getByRole('button', { name: 'Ask for a suggestion' }).click();
    await page.getByText(suggestion).waitFor();
    expect(await page.locator('textarea').inputValue()).not.toContain(suggestion);
    expect(await faults(page)).toEqual([]);
    await page.locator('textarea').focus();
    await press(page, 'Control+End');
    await page.getByRole('button', { name: 'Insert' }).click();
    expect(await page.locator('textarea').inputValue()).toBe(`It **is** ${family}.${suggestion}`);
    await press(page, 'Control+z');
    expect(await page.locator('textarea').inputValue()).toBe(`It **is** ${family}.`);
    await page.getByRole('button', { name: 'Preview' }).click();
    expect(await page.locator('strong').innerText()).toBe('is');
    await page.getByRole('button', { name: 'Preview' }).click();
    await press(page, 'Control+Enter');
    await page.getByText('请写一首诗。').waitFor();
    await sent(projectId, 1);
    expect(await contentsOf(projectId)).toEqual([{ text: `It **is** ${family}.` }]);
    expect(await page.title()).not.toMatch(/run|1/);
    expect(problems).toEqual([]);
  });

  it('fits a phone, in Chinese', async () => {
    const projectId = await projectOf('DEMONSTRATION', () => [{ prompt: 'x'.repeat(3000) }]);
    const { page } = await open(projectId, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, locale: 'zh-CN' });
    await page.locator('textarea').fill('مرحبا\n'.repeat(500));
    expect(await why(page)).toContain('可以提交');
    await expect.poll(() => noSidewaysScroll(page)).toBe(true);
    expect(await faults(page)).toEqual([]);
  });
});

describe('correcting an answer', () => {
  it('has to be said where nothing is wrong, and keeps what was changed', async () => {
    const right = 'All is well.';
    const wrong = 'The cat sat.\r\nيجلس القط 😀';
    const projectId = await projectOf('CORRECTION', () => [
      { prompt: 'One', responses: [right] },
      { prompt: 'Two', responses: [wrong] },
      { prompt: 'Three', responses: [hostile] },
    ]);
    const { page, problems } = await open(projectId);
    await press(page, 'Enter');
    expect(await why(page)).toContain('Nothing is changed yet.');
    await press(page, 'c', 'Enter');
    await page.getByText('Two').waitFor();
    await page.locator('textarea').evaluate((field: HTMLTextAreaElement) => {
      field.focus();
      field.setSelectionRange(4, 7);
    });
    await page.keyboard.type('dog');
    const original = page.getByRole('region', { name: 'The answer as it was' });
    expect(await original.locator('del').allInnerTexts()).toEqual(['cat']);
    expect(await original.locator('ins').allInnerTexts()).toEqual(['dog']);
    expect(await faults(page)).toEqual([]);
    await press(page, 'Control+Enter');
    await page.getByText('Three').waitFor();
    expect(await page.locator('textarea').inputValue()).toBe(hostile);
    await sent(projectId, 2);
    const [first, second] = (await contentsOf(projectId)) as { correction: { text: string; changes: unknown } }[];
    expect(first?.correction).toMatchObject({ text: right, changes: [[0, right]] });
    expect(second?.correction).toMatchObject({
      text: wrong.replace('cat', 'dog'),
      changes: [
        [0, 'The '],
        [-1, 'cat'],
        [1, 'dog'],
        [0, ' sat.\r\nيجلس القط 😀'],
      ],
    });
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => noSidewaysScroll(page)).toBe(true);
    expect(problems).toEqual([]);
  });
});

describe('marking errors', () => {
  const text = `Zeile eins\r\n${family} é e\u0301 🇩🇪 مرحبا بالعالم **bold** ${hostile}`;

  it('by keys alone, then by mouse, with offsets of the raw text', async () => {
    const projectId = await projectOf('SPAN', () => [
      { prompt: 'One', responses: [text] },
      { prompt: 'Two', responses: ['Nothing is wrong here.'] },
    ]);
    const { page, problems } = await open(projectId);
    await press(page, 'ArrowRight', 'Shift+ArrowRight', '2', '3', 'ArrowRight', '5', '1');
    expect(await page.locator('li').allInnerTexts()).toEqual([
      expect.stringMatching(/Does not follow[\s\S]*Critical[\s\S]*Zeile eins/),
      expect.stringMatching(/Language[\s\S]*Minor/),
    ]);
    // By mouse: from inside one word to inside another, against the reading direction.
    const arabic = page.locator('[id="answer-text-0"]').getByText('مرحبا').first();
    await arabic.evaluate((node) => {
      const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      const leaf = walker.nextNode();
      const at = leaf?.nodeValue?.indexOf('مرحبا') ?? 0;
      if (leaf) getSelection()?.setBaseAndExtent(leaf, at + 5, leaf, at);
      node.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
    });
    await press(page, '1');
    expect(await why(page)).toContain('A mark has no severity yet.');
    await page.getByRole('button', { name: 'Major' }).click();
    await page.getByRole('textbox', { name: 'Note on mark 3' }).fill('Not a greeting.');
    expect(await faults(page)).toEqual([]);
    await press(page, 'Control+Enter');
    await page.getByText('Two').waitFor();
    await press(page, '0', 'Enter');
    await sent(projectId, 2);
    const [first, second] = (await contentsOf(projectId)) as { spans: Record<string, { start: number; end: number; text: string }[]> }[];
    const points = [...text];
    const spans = Object.values(first?.spans ?? {})[0] ?? [];
    expect(spans.map(({ text: marked }) => marked)).toEqual(['Zeile eins', family, 'مرحبا']);
    for (const { start, end, text: marked } of spans) expect(points.slice(start, end).join('')).toBe(marked);
    expect(spans[2]).toMatchObject({ category: 'false', severity: 'major', note: 'Not a greeting.' });
    expect(Object.values(second?.spans ?? {})).toEqual([[]]);
    expect(await page.title()).not.toMatch(/run|^1/);
    expect(problems).toEqual([]);
  });

  it('is undone, comes back from its draft, and fits a phone in Chinese', async () => {
    const projectId = await projectOf('SPAN', () => [
      { prompt: 'One', responses: ['one two three', `天空是蓝色的。${'很长'.repeat(2000)}`] },
    ]);
    const { page, goto } = await open(projectId, { viewport: { width: 360, height: 740 }, locale: 'zh-CN' });
    await press(page, 'ArrowRight', '1', '1', 'ArrowRight', '2', '2', 'z', 'z');
    expect(await page.locator('li').count()).toBe(1);
    await page.getByRole('tab').nth(1).click();
    await press(page, '0');
    await page.getByText('已保存').first().waitFor();
    await goto();
    expect(await why(page)).toContain('可以提交');
    expect(await page.locator('li').count()).toBe(1);
    await expect.poll(() => noSidewaysScroll(page)).toBe(true);
    expect(await faults(page)).toEqual([]);
  });
});

describe('marking errors by a finger', () => {
  it('takes what is selected once the finger rests, and every target is wide enough', async () => {
    const projectId = await projectOf('SPAN', () => [{ prompt: 'One', responses: [`${family} zwei drei`] }]);
    const { page, problems } = await open(projectId, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
    const text = page.locator('[id="answer-text-0"]');
    await text.tap();
    // A long press selects a word, its ends are pulled: the browser's own work, of which the page hears the selection.
    await text.evaluate((node) => {
      const leaf = document.createTreeWalker(node, NodeFilter.SHOW_TEXT).nextNode();
      const at = leaf?.nodeValue?.indexOf('zwei') ?? -1;
      if (leaf) getSelection()?.setBaseAndExtent(leaf, at, leaf, at + 'zwei drei'.length);
    });
    await page.locator('button[aria-disabled]', { hasText: 'Not true' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Not true' }).tap();
    await page.getByRole('button', { name: 'Major' }).tap();
    expect(await page.locator('li').allInnerTexts()).toEqual([expect.stringMatching(/Not true[\s\S]*Major[\s\S]*zwei drei/)]);
    const heights = await page.locator('footer button, fieldset button').evaluateAll((all) => all.map((one) => one.clientHeight));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(42); // the border is not counted
    expect(await faults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Submit' }).tap();
    await sent(projectId, 1);
    const [content] = (await contentsOf(projectId)) as { spans: Record<string, { start: number; end: number; text: string }[]> }[];
    expect(Object.values(content?.spans ?? {})).toEqual([[expect.objectContaining({ start: 8, end: 17, text: 'zwei drei' })]]);
    expect(problems).toEqual([]);
  });
});

describe('talking to blind models', () => {
  it('asks both, takes the vote, and only then tells who they were', async () => {
    const names = ['secret-one', 'secret-two'];
    const projectId = await projectOf('CHAT', async (id) => {
      const modelIds = await importTalkers(bench.deps, actor, id, names);
      const spec = { modelIds, temperature: 1, maxNewTokens: 12 };
      return [
        { prompt: 'Talk about cats.', spec },
        { prompt: 'Talk about bread.', spec },
      ];
    });
    const { page, goto, problems } = await open(projectId);
    expect(await why(page)).toContain('Nobody has answered yet.');
    await press(page, 'Control+Enter');
    await page.getByRole('button', { name: 'Take the text above' }).click();
    await page.getByRole('textbox', { name: 'Your message' }).press('Enter');
    await page.getByRole('region', { name: 'Model B' }).waitFor({ timeout: 60_000 });
    expect(await page.getByRole('textbox', { name: 'Your message' }).inputValue()).toBe('');
    await page.keyboard.type(`and ${family}?`);
    await page.getByText('Draft saved').waitFor();
    await goto();
    await page.getByRole('region', { name: 'Model B' }).waitFor();
    const field = page.getByRole('textbox', { name: 'Your message' });
    expect(await field.inputValue()).toBe(`and ${family}?`);
    await field.press('Enter');
    await until(async () => (await page.getByRole('region', { name: 'Model A' }).count()) === 2);
    await until(async () => (await why(page)).includes('Which one is better?'));
    expect(await faults(page)).toEqual([]);
    expect(await page.content()).not.toContain('secret-');
    await field.focus();
    await press(page, 'Escape', '2', 'Enter');
    await page.getByText('You talked to').waitFor();
    const shown = await page.locator('main').innerText();
    for (const name of names) expect(shown).toContain(name);
    await sent(projectId, 1);
    const [content] = (await contentsOf(projectId)) as {
      ranks: object;
      strength: number;
      chat: { turns: { text: string; a: string; b: string }[] };
    }[];
    expect(content).toMatchObject({ ranks: { A: 1, B: 2 }, strength: 2 });
    expect(content?.chat.turns.map((turn) => turn.text)).toEqual(['Talk about cats.', `and ${family}?`]);
    expect(await faults(page)).toEqual([]);
    await press(page, 'Enter');
    await page.getByText('Talk about bread.').first().waitFor();
    expect(await page.getByText('You talked to').count()).toBe(0);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => noSidewaysScroll(page)).toBe(true);
    expect(problems).toEqual([]);
  });
});
