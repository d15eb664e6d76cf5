import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '#lib/domain/clock';
import { AppError } from '#lib/errors';
import { migrateQueues } from '#lib/queues/connection';
import { connectQueues } from '#lib/queues/queues';
import { claimTask } from '#lib/services/labeling/claim-task';
import { correctAnnotation } from '#lib/services/labeling/correct-annotation';
import { heartbeatAssignments } from '#lib/services/labeling/heartbeat';
import { openOwnAnnotation } from '#lib/services/labeling/open-own-annotation';
import { saveDraft } from '#lib/services/labeling/save-draft';
import { skipTask } from '#lib/services/labeling/skip-task';
import { submitAnnotation } from '#lib/services/labeling/submit-annotation';
import { withdrawAnnotation } from '#lib/services/labeling/withdraw-annotation';
import type { RankingState } from '../../../app/p/[project]/annotate/_kinds/ranking/answer';
import { AnnotateStore } from '../../../app/p/[project]/annotate/_state/annotate-store';
import { BrowserStore, type TextStore } from '../../../app/p/[project]/annotate/_state/browser-store';
import { takePress } from '../../../app/p/[project]/annotate/_state/command-queue';
import { type KeyPress, toPress } from '../../../app/p/[project]/annotate/_state/press';
import { type LabelingApi, shownProgress } from '../../../app/p/[project]/annotate/_state/screen-state';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { createRankingProject, type RankingProject } from '../../support/ranking-tasks';

let database: TestDatabase;
let queues: ReturnType<typeof connectQueues>;

beforeAll(async () => {
  database = await createTestDatabase();
  const settings = { databaseUrl: database.url, redisUrl: null };
  await migrateQueues(settings);
  queues = connectQueues(settings, () => {}); // a wake-up call that fails loses nothing
});

afterAll(async () => {
  await queues.close();
  await database.drop();
});

const tasks = Array.from({ length: 4 }, (_, index) => ({
  prompt: `Question ${index}`,
  answers: ['one', 'two', 'three', 'four'].map((word) => `Answer ${word} to ${index}`),
}));

/** The way from the page to the services. Cut before: nothing arrives. Cut after: it arrives, the answer is lost. */
class Line {
  cut: 'before' | 'after' | null = null;
  /** Held up until released. */
  gate: Promise<void> | null = null;
  readonly calls: string[] = [];
  readonly #project: RankingProject;

  constructor(project: RankingProject) {
    this.#project = project;
  }

  get api(): LabelingApi {
    const { projectId, userId } = this.#project;
    const deps = { db: database.db, clock: systemClock, queues };
    const actor = { kind: 'user' as const, userId, isSystemAdmin: false };
    return {
      claim: (ahead) => this.#over(`claim ${ahead}`, () => claimTask(deps, actor, { projectId, ahead })),
      submit: (letter) => this.#over('submit', () => submitAnnotation(deps, actor, letter)),
      correct: (letter) => this.#over('correct', () => correctAnnotation(deps, actor, letter)),
      own: (annotationId) => this.#over('own', () => openOwnAnnotation(deps, actor, { projectId, annotationId })),
      skip: (letter) => this.#over('skip', () => skipTask(deps, actor, letter)),
      withdraw: (letter) => this.#over('withdraw', () => withdrawAnnotation(deps, actor, letter)),
      saveDraft: ({ assignmentId, draft }) =>
        this.#over('draft', () => saveDraft(deps, actor, { assignmentId, draft: JSON.parse(JSON.stringify(draft)) })),
      heartbeat: (assignmentIds) => this.#over('heartbeat', () => heartbeatAssignments(deps, actor, { assignmentIds })),
    };
  }

  async #over<T>(name: string, call: () => Promise<T>): Promise<T> {
    this.calls.push(name);
    await this.gate;
    if (this.cut === 'before') throw new TypeError('fetch failed');
    const answer = await call();
    if (this.cut === 'after') throw new TypeError('fetch failed');
    return answer;
  }
}

class Memory implements TextStore {
  readonly #map = new Map<string, string>();
  get length() {
    return this.#map.size;
  }
  key = (index: number) => [...this.#map.keys()][index] ?? null;
  getItem = (key: string) => this.#map.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#map.set(key, value);
  removeItem = (key: string) => void this.#map.delete(key);
}

async function open(options: { tasks?: number; memory?: Memory; project?: RankingProject } = {}) {
  const project = options.project ?? (await createRankingProject(database.db, tasks.slice(0, options.tasks ?? 4)));
  const line = new Line(project);
  const memory = options.memory ?? new Memory();
  const store = new AnnotateStore({
    api: line.api,
    store: new BrowserStore(memory, project.userId, project.projectId),
    readTrouble: (error) => (error instanceof AppError ? { code: error.code, message: error.message } : { code: 'OFFLINE', message: '' }),
  });
  onTestFinished(() => store.stop());
  await store.start();
  return { project, line, memory, store };
}

function press(store: AnnotateStore, keys: string): void {
  for (const key of keys.split(' ')) {
    const base = { code: '', ctrl: false, meta: false, alt: false, shift: false, repeat: false, composing: false, target: 'page' };
    const pressed = toPress({ ...base, key } as KeyPress, { singleKeys: true, rightToLeft: false });
    if (pressed === null) throw new Error(`${key} is no key of this page`);
    takePress(store, pressed);
  }
}

async function until(what: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!what()) {
    if (Date.now() > deadline) throw new Error('it did not come to this');
    await sleep(10);
  }
}

/** Nothing is on its way any more, and `what` holds. */
async function settled(store: AnnotateStore, what: () => boolean = () => true): Promise<void> {
  await until(() => {
    const { outbox, phase, takingBack } = store.getState();
    return !outbox.sending && outbox.waiting.length === 0 && phase !== 'loading' && !takingBack && what();
  });
}

function annotationsOf({ projectId }: RankingProject) {
  return database.db.annotation.findMany({ where: { task: { projectId } }, orderBy: { createdAt: 'asc' } });
}

/** Dense ranks of an annotation in display order. */
function ranksOf(annotation: { content: unknown; displayOrder: string[] }): (number | null)[] {
  const { ranks } = annotation.content as { ranks: Record<string, number> };
  return annotation.displayOrder.map((id) => ranks[id] ?? null);
}

const places = (store: AnnotateStore) => (store.getState().current?.answer.parts.ranking as RankingState | undefined)?.places;
const prompt = (store: AnnotateStore) => store.getState().current?.view.prompt.messages[0]?.content;

describe('ranking', () => {
  it('four tasks typed ahead without a pause: every key counts, in order', async () => {
    const { project, store } = await open();
    press(store, '3 1 4 2 Enter 2 1 2 x Enter 1 1 1 1 Enter 4 3 2 1 Enter');
    await settled(store, () => store.getState().phase === 'empty');
    const annotations = await annotationsOf(project);
    expect(annotations.map(ranksOf)).toEqual([
      [3, 1, 4, 2],
      [2, 1, 2, null],
      [1, 1, 1, 1],
      [4, 3, 2, 1],
    ]);
    expect(shownProgress(store.getState())).toEqual({ done: 4, total: 4 });
  });

  it('one request a task once two are held', async () => {
    const { line, store } = await open();
    expect(line.calls).toEqual(['claim false', 'claim true']);
    line.calls.length = 0;
    press(store, '1 2 3 4 Enter');
    expect(prompt(store)).toBe('Question 1'); // at once: nothing was waited for
    await settled(store);
    expect(line.calls).toEqual(['submit']);
    expect(store.getState().ahead.map((task) => task.view.prompt.messages[0]?.content)).toEqual(['Question 2']);
  });

  it('Enter on a task that is not ready sends nothing', async () => {
    const { project, store } = await open({ tasks: 1 });
    press(store, 'Enter 1 Enter 2 3 Enter x x Enter');
    await settled(store);
    expect(await annotationsOf(project)).toEqual([]);
    expect(store.getState().said?.line).toEqual({ key: 'annotate.why.one', names: { name: [3] } });
    press(store, '9');
    expect(store.getState().said?.line).toEqual({ key: 'annotate.said.noSuchPlace', values: { count: 4 } });
  });

  it('blind A/B tasks of an evaluation are the same screen', async () => {
    const project = await createRankingProject(database.db, [{ prompt: 'Which?', answers: ['left', 'right'] }], 'EVALUATION');
    const { store } = await open({ project });
    expect(JSON.stringify(store.getState().current?.view)).not.toMatch(/EVALUATION|secret-model/);
    press(store, '2 1 Enter');
    await settled(store, () => store.getState().phase === 'empty');
    expect((await annotationsOf(project)).map(ranksOf)).toEqual([[2, 1]]);
  });

  it('a skip keeps its reason and goes on', async () => {
    const { project, store } = await open({ tasks: 2 });
    press(store, 's');
    expect(store.getState().panel).toBe('skip');
    press(store, '1 2'); // the dialog has the keyboard: nothing is placed behind it
    expect(places(store)).toEqual([null, null, null, null]);
    store.skip('LANGUAGE');
    expect(prompt(store)).toBe('Question 1');
    await settled(store);
    const skipped = await database.db.assignment.findMany({ where: { task: { projectId: project.projectId }, skipReason: { not: null } } });
    expect(skipped.map((one) => one.skipReason)).toEqual(['LANGUAGE']);
    expect(shownProgress(store.getState())).toEqual({ done: 0, total: 1 });
  });
});

describe('a line that fails', () => {
  it('cut before arrival: kept, shown, sent once when the line is back', async () => {
    const { project, line, memory, store } = await open();
    line.cut = 'before';
    press(store, '1 2 3 4 Enter');
    await until(() => store.getState().outbox.trouble !== null);
    expect(store.getState().outbox).toMatchObject({ waiting: [{ kind: 'submit' }], trouble: { code: 'OFFLINE' } });
    expect(prompt(store)).toBe('Question 1'); // the work goes on
    expect(memory.key(0)).not.toBeNull();
    line.cut = null;
    store.retry();
    await settled(store);
    expect((await annotationsOf(project)).map(ranksOf)).toEqual([[1, 2, 3, 4]]);
  });

  it('cut after arrival: the same key again gives one annotation', async () => {
    const { project, line, store } = await open();
    line.cut = 'after';
    press(store, '1 2 3 4 Enter');
    await until(() => store.getState().outbox.trouble !== null);
    expect(await annotationsOf(project)).toHaveLength(1);
    expect(store.getState().outbox.waiting).toHaveLength(1);
    line.cut = null;
    store.retry();
    await settled(store);
    expect(await annotationsOf(project)).toHaveLength(1);
    expect(line.calls.filter((call) => call === 'submit').length).toBeGreaterThan(1);
  });

  it('tries again by itself', async () => {
    const { project, line, store } = await open();
    line.cut = 'before';
    press(store, '1 2 3 4 Enter');
    await until(() => store.getState().outbox.trouble !== null);
    line.cut = null;
    await settled(store);
    expect(await annotationsOf(project)).toHaveLength(1);
  });

  it('the page closed while offline: the next page sends it, and the task is not shown again', async () => {
    const { project, line, memory, store } = await open();
    line.cut = 'before';
    press(store, '4 3 2 1 Enter 1 1');
    await sleep(50);
    store.stop();
    const second = await open({ project, memory });
    expect((await annotationsOf(project)).map(ranksOf)).toEqual([[4, 3, 2, 1]]);
    expect(prompt(second.store)).toBe('Question 1');
    expect(places(second.store)).toEqual([1, 1, null, null]); // and the draft is there
  });

  it('both held tasks ranked offline: says so, keeps both, sends both in order', async () => {
    const { project, line, store } = await open();
    line.cut = 'before';
    press(store, '1 2 3 4 Enter 2 1 3 4 Enter');
    await sleep(50);
    expect(store.getState()).toMatchObject({ phase: 'trouble', trouble: { code: 'OFFLINE' } });
    expect(store.getState().outbox.waiting).toHaveLength(2);
    press(store, '1 2 3 4 Enter'); // no task on the screen: these keys mean nothing, now or later
    line.cut = null;
    store.retry();
    await settled(store, () => store.getState().phase === 'open');
    expect((await annotationsOf(project)).map(ranksOf)).toEqual([
      [1, 2, 3, 4],
      [2, 1, 3, 4],
    ]);
    expect(prompt(store)).toBe('Question 2');
    expect(places(store)).toEqual([null, null, null, null]);
  });

  it('a refused ranking stays visible until it is left out', async () => {
    const { project, store } = await open({ tasks: 1 });
    const assignmentId = store.getState().current?.view.assignmentId ?? '';
    const content = { ranks: Object.fromEntries(store.getState().current?.view.responses.map(({ id }) => [id, 1]) ?? []), aside: [] };
    const actor = { kind: 'user' as const, userId: project.userId, isSystemAdmin: false };
    const deps = { db: database.db, clock: systemClock, queues };
    await submitAnnotation(deps, actor, { assignmentId, idempotencyKey: 'from-another-page', content, activeMs: 1 });
    press(store, '1 2 3 4 Enter');
    await settled(store, () => store.getState().outbox.refused.length > 0);
    expect(store.getState().outbox.refused[0]?.trouble.code).toBe('CONFLICT');
    store.discard(store.getState().outbox.refused[0]?.letter.key ?? '');
    expect(store.getState().outbox.refused).toEqual([]);
    expect(await annotationsOf(project)).toHaveLength(1);
  });
});

describe('taking back', () => {
  it('after the acknowledgement: withdrawn, on the screen as it was, and sent anew', async () => {
    const { project, store } = await open();
    press(store, '1 2 3 4 Enter');
    await settled(store);
    press(store, 'z');
    await settled(store, () => prompt(store) === 'Question 0');
    expect(places(store)).toEqual([1, 2, 3, 4]);
    expect(store.getState().ahead[0]?.view.prompt.messages[0]?.content).toBe('Question 1');
    expect(shownProgress(store.getState())).toEqual({ done: 0, total: 4 });
    press(store, 'z'); // the undo steps of before are still there
    expect(places(store)).toEqual([1, 2, 3, null]);
    press(store, '1 Enter');
    await settled(store);
    expect(prompt(store)).toBe('Question 1');
    const annotations = await annotationsOf(project);
    expect(annotations).toHaveLength(3);
    expect(annotations[1]?.withdrawsId).toBe(annotations[0]?.id);
    expect(ranksOf(annotations[2] ?? { content: { ranks: {} }, displayOrder: [] })).toEqual([1, 2, 3, 1]);
    const live = await database.db.slot.findMany({ where: { projectId: project.projectId, state: 'FILLED' } });
    expect(live.map((slot) => slot.liveAnnotationId)).toEqual([annotations[2]?.id]);
  });

  it('keys typed while it comes back wait for it', async () => {
    const { project, line, store } = await open();
    press(store, '1 2 3 4 Enter');
    await settled(store);
    let release = () => {};
    line.gate = new Promise((resolve) => {
      release = resolve;
    });
    press(store, 'z 1 Enter'); // the last answer had the focus: it becomes a tie for first
    expect(store.getState().takingBack).toBe(true);
    line.gate = null;
    release();
    await settled(store, () => prompt(store) === 'Question 1');
    expect(ranksOf((await annotationsOf(project)).at(-1) ?? { content: { ranks: {} }, displayOrder: [] })).toEqual([1, 2, 3, 1]);
  });

  it('before it left: nothing ever reaches the server', async () => {
    const { project, line, store } = await open();
    line.cut = 'before';
    press(store, '1 2 3 4 Enter');
    await sleep(30);
    press(store, '1 2 3 4 Enter'); // waits behind the first, untried
    expect(store.getState().outbox.waiting.map((letter) => letter.tries)).toEqual([1, 0]);
    press(store, 'z');
    store.undo();
    expect(prompt(store)).toBe('Question 1');
    line.cut = null;
    store.retry();
    await settled(store);
    expect(await annotationsOf(project)).toHaveLength(1);
  });

  it('pressed before the acknowledgement came: waits for it, then takes back; keys behind it count there', async () => {
    const { project, line, store } = await open();
    let release = () => {};
    line.gate = new Promise((resolve) => {
      release = resolve;
    });
    press(store, '1 2 3 4 Enter z 1 Enter');
    expect(store.getState().takingBack).toBe(true);
    line.gate = null;
    release();
    await settled(store, () => store.getState().lastSent?.annotationId != null && prompt(store) === 'Question 1');
    const annotations = await annotationsOf(project);
    expect(annotations).toHaveLength(3);
    expect(annotations[1]?.withdrawsId).toBe(annotations[0]?.id);
    expect(ranksOf(annotations[2] ?? { content: { ranks: {} }, displayOrder: [] })).toEqual([1, 2, 3, 1]);
  });

  it('while the line is cut: says so, and takes nothing back', async () => {
    const { project, line, store } = await open();
    line.cut = 'before';
    press(store, '1 2 3 4 Enter');
    await sleep(30);
    press(store, 'z');
    expect(store.getState().notice).toEqual({ kind: 'stillSending' });
    line.cut = null;
    store.retry();
    await settled(store);
    expect(await annotationsOf(project)).toHaveLength(1);
  });

  it('once the round moved on: says so', async () => {
    const { project, store } = await open();
    press(store, '1 2 3 4 Enter');
    await settled(store);
    await database.db.round.updateMany({
      where: { loop: { projectId: project.projectId } },
      data: { stage: 'FREEZING', status: 'RUNNING' },
    });
    press(store, 'z');
    await settled(store, () => store.getState().notice !== null);
    expect(store.getState().notice).toMatchObject({ kind: 'notTakenBack', trouble: { code: 'PRECONDITION' } });
    expect(prompt(store)).toBe('Question 1');
  });
});

describe('drafts', () => {
  it('are kept on the server: another browser goes on where this one stopped', async () => {
    const { project, store } = await open();
    press(store, '3 x');
    await settled(store, () => store.getState().draft.kind === 'saved');
    const second = await open({ project, memory: new Memory() });
    expect(places(second.store)).toEqual([3, 'aside', null, null]);
    expect(second.store.getState().draft.kind).toBe('saved');
  });

  it('are kept in the browser at once: a reload loses nothing', async () => {
    const { project, memory, store } = await open();
    press(store, '3 1');
    const second = await open({ project, memory });
    expect(places(second.store)).toEqual([3, 1, null, null]);
    expect(store.getState().draft.kind).toBe('saving');
  });
});

describe('two pages of one person', () => {
  it('one follows what the other does, and goes on when it sends', async () => {
    const { project, memory, store } = await open();
    const other = (await open({ project, memory })).store;
    press(store, '3 1');
    await until(() => JSON.stringify(places(other)) === '[3,1,null,null]');
    press(store, '2 4 Enter');
    await until(() => prompt(other) === 'Question 1');
    expect(other.getState().notice).toEqual({ kind: 'otherPage' });
    await settled(store);
    press(other, '1 2 3 4 Enter');
    await until(() => prompt(store) === 'Question 2');
    await settled(other);
    expect((await annotationsOf(project)).map(ranksOf)).toEqual([
      [3, 1, 2, 4],
      [1, 2, 3, 4],
    ]);
    expect([store, other].map((page) => page.getState().outbox.refused)).toEqual([[], []]);
  });

  it('an own answer is changed: both are kept, and the work goes on', async () => {
    const { project, store } = await open({ tasks: 2 });
    press(store, '1 2 3 4 Enter');
    await settled(store);
    const [first] = await annotationsOf(project);
    const page = (await open({ project })).store;
    await page.start(first?.id ?? null);
    expect(places(page)).toEqual([1, 2, 3, 4]);
    press(page, '4 Enter'); // the first answer joins the last
    await settled(page, () => prompt(page) === 'Question 1');
    const [, second] = await annotationsOf(project);
    expect(second?.supersedesId).toBe(first?.id);
    expect(second && ranksOf(second)).toEqual([3, 1, 2, 3]);
  });
});

describe('an empty queue', () => {
  it('says that nothing is left, and shows a task when one comes', async () => {
    const { project, store } = await open({ tasks: 1 });
    press(store, '1 2 3 4 Enter 1 2 3 4 Enter'); // the keys for a task that does not come are dropped
    await settled(store, () => store.getState().phase === 'empty');
    expect(store.keys.size).toBe(0);
    const slot = await database.db.slot.findFirstOrThrow({ where: { projectId: project.projectId } });
    const another = await createRankingProject(database.db, tasks.slice(1, 2));
    await database.db.task.updateMany({ where: { projectId: another.projectId }, data: { projectId: project.projectId } });
    await database.db.slot.updateMany({ where: { projectId: another.projectId }, data: { projectId: project.projectId } });
    await database.db.claimLane.updateMany({ where: { projectId: another.projectId }, data: { projectId: project.projectId } });
    expect(slot.state).toBe('FILLED');
    await store.fetch();
    expect(prompt(store)).toBe('Question 1');
    expect(places(store)).toEqual([null, null, null, null]);
  });
});
