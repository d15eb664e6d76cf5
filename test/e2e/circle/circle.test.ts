import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../../support/product';

const root = path.resolve(import.meta.dirname, '../../..');
const data = process.env.PLUMBLINE_TEST_DATA;
/** Pictures of every station; look at them. */
const pictures = path.join(root, 'test-results/circle');

const names = ['Lily', 'Tom', 'Mia', 'Ben', 'Anna', 'Max', 'Sue', 'Tim'];
const scenes = [
  'Once upon a time, there was a child named NAME who lived near a big forest.',
  'NAME had a red ball and wanted to play in the park.',
  'One day, NAME found a small box under a tree.',
  'NAME and a little dog walked along the river.',
  'It was raining, and NAME looked out of the window.',
  'NAME wanted to bake a cake for a friend.',
  'A bird sat on the roof, and NAME listened to its song.',
  'NAME lost a toy car in the garden.',
  'On a sunny morning, NAME went to the market with a big basket.',
  'NAME saw a cat that was afraid of the dark.',
  'At school, NAME drew a picture of a boat.',
  'NAME and Sam built a house of snow.',
];
const prompts = scenes.flatMap((scene) => names.map((name) => scene.replace('NAME', name)));

describe.skipIf(!data)(
  'the whole circle in a browser, on the 260K-parameter story model (needs PLUMBLINE_TEST_DATA)',
  { timeout: 1_500_000 },
  () => {
    let product: Product;
    let browser: Browser;
    let scratch: string;
    let admin: Page;
    let person: Page;
    let picture = 0;

    const show = async (page: Page, name: string) => {
      picture += 1;
      await page.screenshot({ path: path.join(pictures, `${String(picture).padStart(2, '0')}-${name}.png`) });
    };
    const newPage = async () => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', colorScheme: 'light' });
      return context.newPage();
    };
    const join = async (page: Page, link: string, name: string, email: string) => {
      await page.goto(link);
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Email').fill(email);
      await page.getByLabel('Password').fill('a quiet blue harbour');
      await page.getByRole('button', { name: 'Join' }).click();
      await page.waitForURL((url) => !url.pathname.startsWith('/join'));
    };

    beforeAll(async () => {
      await rm(pictures, { recursive: true, force: true });
      await mkdir(pictures, { recursive: true });
      scratch = await mkdtemp(path.join(tmpdir(), 'plumbline-e2e-circle-'));
      product = await startProduct();
      browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
      await writeFile(path.join(scratch, 'openings.jsonl'), prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''));
      const files = [
        '--weights',
        path.join(data ?? '', 'stories260k/stories260K.bin'),
        '--tokenizer',
        path.join(data ?? '', 'stories260k/tok512.bin'),
      ];
      await product.plumbline('models', 'convert', '--from', 'llama2c', ...files, '--out', path.join(scratch, 'policy'));
    }, 900_000);

    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await show(admin, 'where-it-failed');
    });

    afterAll(async () => {
      await browser?.close();
      await product?.stop();
      await rm(scratch, { recursive: true, force: true });
    });

    it('makes the first admin, a project, its data, its model and its loop', async () => {
      admin = await newPage();
      await join(admin, product.adminLink, 'Mara Voss', 'mara@example.org');
      await admin.getByLabel('Name', { exact: true }).fill('Warm stories');
      await admin.getByRole('button', { name: 'Create the project' }).click();
      await admin.waitForURL('**/p/warm-stories');
      await expect.poll(() => admin.getByRole('heading', { name: 'Bring prompts' }).count()).toBe(1);
      await show(admin, 'first-start');

      await admin.locator('input[type=file]').setInputFiles(path.join(scratch, 'openings.jsonl'));
      await admin.getByLabel('Name of the dataset').fill('openings');
      await admin.getByRole('button', { name: 'Import', exact: true }).click();
      await admin.getByText(`${prompts.length} prompts are here now`).waitFor();
      await show(admin, 'prompts-imported');

      await admin.goto(`${product.address}/p/warm-stories/models`);
      const imported = admin.getByRole('link', { name: 'stories260k' }).first();
      for (let tries = 0; tries < 3 && (await imported.count()) === 0; tries += 1) {
        await choose(['config.json', 'model.safetensors', 'tokenizer.json'].map((file) => path.join(scratch, 'policy', file)));
        await admin.getByLabel('Name of the model').fill('stories260k');
        await admin.getByRole('button', { name: 'Import the model' }).click();
        await imported.waitFor({ timeout: 30_000 }).catch(() => admin.reload());
      }
      await show(admin, 'model-imported');

      await admin.goto(`${product.address}/p/warm-stories`);
      await admin.getByLabel('Name of the loop').waitFor();
      await admin.getByLabel('Prompts a round').fill('40');
      await admin.getByLabel('Rounds at most').fill('2');
      await admin.getByText('More settings').click();
      await admin.getByLabel('Tokens an answer, at most').fill('44');
      await admin.getByLabel('Temperature').fill('0.8');
      await admin.getByLabel('PPO steps a round').fill('8');
      await show(admin, 'loop-settings');
      await admin.getByRole('button', { name: 'Start the loop' }).click();
      await admin.waitForURL('**/loops/*');
    });

    it('lets a second person rank by keyboard, with a tie', async () => {
      await admin.goto(`${product.address}/p/warm-stories/settings`);
      await admin.getByRole('button', { name: 'Make a link' }).click();
      const link = await admin.getByLabel('Invitation link').inputValue();
      person = await newPage();
      await join(person, link, 'Ilse Brandt', 'ilse@example.org');
      await person.goto(`${product.address}/p/warm-stories/annotate`);
      await person.getByRole('article').first().waitFor({ timeout: 120_000 });
      await show(person, 'task');
      for (let task = 0; task < 3; task += 1) {
        const asked = await person.getByLabel('Prompt').first().innerText();
        for (const key of ['2', '1', '2', '4']) {
          await person.keyboard.press(key);
          await person.waitForTimeout(60);
        }
        if (task === 0) await show(person, 'ranked-with-a-tie');
        await person.keyboard.press('Enter');
        await expect.poll(() => person.getByLabel('Prompt').first().innerText()).not.toBe(asked);
      }
      await expect.poll(async () => (await annotations('PERSON')).length).toBe(3);
      for (const { content } of await annotations('PERSON')) expect(Object.values(content.ranks).sort()).toEqual([1, 2, 2, 3]);
    });

    it('trains, evaluates and promotes while simulated annotators finish', async () => {
      const [{ id: loopId } = { id: '' }] = await product.query<{ id: string }>('select "id" from "Loop"');
      await admin.goto(`${product.address}/p/warm-stories/loops/${loopId}`);
      await show(admin, 'loop-labeling');
      await product.plumbline('loop', 'annotate', loopId);
      await finishHeldTasks();
      const annotating = spawn(process.execPath, [path.join(root, 'bin/plumbline.mjs'), 'loop', 'annotate', loopId, '--rounds', '1'], {
        env: { ...process.env, PLUMBLINE_HOME: product.home },
        stdio: 'ignore',
      });
      const ended = once(annotating, 'exit');
      await passGate();
      const run = await waitForRun('POLICY_TRAINING');
      await admin.goto(`${product.address}/p/warm-stories/runs/${run}`);
      // Live: the number in the head rises without a reload.
      const step = async () => Number((await product.query<{ step: number }>('select "step" from "Run" where "id" = $1', [run]))[0]?.step);
      await expect.poll(step, { timeout: 240_000, interval: 1000 }).toBeGreaterThan(3);
      const drawn = () =>
        admin.locator('main svg path').evaluateAll((paths) => Math.max(0, ...paths.map((path) => path.getAttribute('d')?.length ?? 0)));
      const before = await drawn();
      await expect.poll(drawn, { timeout: 120_000, interval: 1000 }).toBeGreaterThan(before);
      await show(admin, 'ppo-live');
      await expect.poll(() => status(run), { timeout: 900_000, interval: 2000 }).toBe('DONE');
      await show(admin, 'ppo-done');

      await admin.goto(`${product.address}/p/warm-stories/loops/${loopId}`);
      await admin.getByRole('button', { name: /Promote or keep|Decide/ }).click({ timeout: 300_000 });
      await admin.getByLabel('Promote the new policy').check();
      await admin.getByLabel('Why').fill('A trial: the next round is to see the new answers.');
      await show(admin, 'decision');
      await admin.getByRole('dialog').getByRole('button', { name: 'Promote the new policy' }).click();
      await expect.poll(() => outcome(1), { timeout: 60_000 }).toBe('PROMOTED');
      annotating.kill('SIGINT');
      await ended;
      await admin.reload();
      await show(admin, 'promoted');
    });

    it('writes the next tasks with the promoted policy, and traces labels and checkpoints both ways', async () => {
      const candidate = await product.query<{ candidateId: string }>('select "candidateId" from "Round" where "ordinal" = 1');
      await expect.poll(async () => (await product.query(nextAnswers)).length, { timeout: 240_000, interval: 2000 }).toBeGreaterThan(0);
      const answers = await product.query<{ modelVersionId: string }>(nextAnswers);
      expect(new Set(answers.map((answer) => answer.modelVersionId))).toEqual(new Set([candidate[0]?.candidateId]));
      await admin.goto(`${product.address}/p/warm-stories/annotate`);
      await admin.getByRole('article').first().waitFor({ timeout: 60_000 });
      await show(admin, 'next-round-task');

      const label = (await annotations('PERSON'))[0]?.id ?? '';
      const reached = (await product.plumbline('lineage', 'label', label)) as { models: { id: string }[]; checkpoints: unknown[] };
      expect(reached.models.map((model) => model.id)).toContain(candidate[0]?.candidateId);
      expect(reached.checkpoints.length).toBeGreaterThan(0);
      const made = (await product.plumbline('lineage', 'checkpoint', candidate[0]?.candidateId ?? '')) as {
        labels: { annotationId: string }[];
      };
      expect(made.labels.map((each) => each.annotationId)).toContain(label);
    });

    /** Chooses files until the page lists them: before its script runs, nobody hears of a choice. */
    async function choose(files: readonly string[]) {
      const listed = admin.getByText(path.basename(files[0] ?? ''), { exact: true });
      for (let tries = 0; tries < 30 && (await listed.count()) === 0; tries += 1) {
        await admin.locator('input[type=file]').setInputFiles([...files]);
        await admin.waitForTimeout(500);
      }
    }

    const nextAnswers = `select r."modelVersionId" from "Task" t join "Round" o on o."id" = t."roundId"
    join "TaskResponse" tr on tr."taskId" = t."id" join "Response" r on r."id" = tr."responseId"
    where o."ordinal" = 2 and t."purpose" = 'LABELING'`;

    const annotations = (kind: string) =>
      product.query<{ id: string; content: { ranks: Record<string, number> } }>(
        'select a."id", a."content" from "Annotation" a join "User" u on u."id" = a."annotatorId" where u."kind"::text = $1 order by a."createdAt"',
        [kind],
      );
    const status = async (run: string) =>
      (await product.query<{ status: string }>('select "status" from "Run" where "id" = $1', [run]))[0]?.status;
    const outcome = async (ordinal: number) =>
      (await product.query<{ outcome: string | null }>('select "outcome" from "Round" where "ordinal" = $1', [ordinal]))[0]?.outcome;

    /** The person holds a task and has one preloaded; nobody else gets them before their leases run out. */
    async function finishHeldTasks() {
      const nothing = person.getByText('Nothing to do right now');
      for (let task = 0; task < 4 && (await nothing.count()) === 0; task += 1) {
        for (const key of ['1', '2', '3', '4', 'Enter']) await person.keyboard.press(key, { delay: 60 });
        await person.waitForTimeout(1500);
      }
      await nothing.waitFor();
      await person.context().close();
    }

    /** The rule passes, or the researcher overrides it with a reason. */
    async function passGate() {
      const state = async () =>
        (await product.query<{ state: string }>(`select "stage" || ' ' || "status" as "state" from "Round" where "ordinal" = 1`))[0]
          ?.state ?? '';
      await expect.poll(state, { timeout: 600_000, interval: 1000 }).toMatch(/^(REWARD_GATE WAITING|POLICY_TRAINING .*)$/);
      await admin.reload();
      await show(admin, 'reward-gate');
      if (!(await state()).startsWith('REWARD_GATE')) return;
      await admin.getByRole('button', { name: /Decide/ }).click();
      await admin.getByLabel('Train the policy all the same').check();
      await admin.getByLabel('Why').fill('A trial on few labels.');
      await show(admin, 'gate-decision');
      await admin.getByRole('dialog').getByRole('button', { name: 'Train the policy all the same' }).click();
    }

    async function waitForRun(kind: string): Promise<string> {
      const find = async () => (await product.query<{ id: string }>('select "id" from "Run" where "kind"::text = $1', [kind]))[0]?.id ?? '';
      await expect.poll(find, { timeout: 600_000, interval: 1000 }).not.toBe('');
      return find();
    }
  },
);
