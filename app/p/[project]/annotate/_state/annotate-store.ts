import type { SkipReason } from '#lib/domain/assignment';
import { ActiveTime } from './active-time';
import type { BrowserStore } from './browser-store';
import { createCommandQueue } from './command-queue';
import type { Command } from './commands';
import { DraftKeeper } from './draft-keeper';
import type { KeyQueue } from './key-queue';
import { Observed } from './observed';
import { OneAtATime } from './one-at-a-time';
import { Outbox, type Trouble } from './outbox';
import { Presence } from './presence';
import { type RankingAction, rankingReducer, readiness } from './ranking';
import type { Acknowledgement, Announcement, LabelingApi, LastSent, OpenTask, ScreenState, StoreOptions, TaskLetter } from './screen-state';
import { announcementOf, countDone, initialScreen, shownTask } from './screen-state';
import { openRanking, sameAnswers, type TaskView, toComparison } from './task-view';

/** Everything the annotation screen does, without React: tasks and keys in, rankings out. One for a page. */
export class AnnotateStore extends Observed<ScreenState> {
  readonly keys: KeyQueue<Command>;
  readonly #api: LabelingApi;
  readonly #store: BrowserStore;
  readonly #drafts: DraftKeeper;
  readonly #readTrouble: StoreOptions['readTrouble'];
  readonly #now: () => number;
  readonly #outbox: Outbox<TaskLetter, Acknowledgement>;
  readonly #presence: Presence;
  readonly #feed = new OneAtATime(() => this.#fetchOne());
  /** Tries of letters so far: a count that a view carries is true only if none may have arrived meanwhile. */
  #sendings = 0;
  readonly #done = new Set<string>(); // acknowledged: an answer that was on its way meanwhile may still name them

  constructor({ api, store, readTrouble, now = Date.now }: StoreOptions) {
    super(initialScreen());
    this.#api = api;
    this.#store = store;
    this.#readTrouble = readTrouble;
    this.#now = now;
    this.#presence = new Presence(() => void this.#beat(), now);
    this.keys = createCommandQueue(this);
    this.#drafts = new DraftKeeper(api, store, now, (assignmentId, draft) => {
      if (this.getState().current?.view.assignmentId === assignmentId) this.set({ draft });
    });
    this.#outbox = new Outbox({
      send: (letter) => this.#send(letter),
      readTrouble,
      box: store,
      sent: (letter, answer) => this.#acknowledged(letter, answer),
      refused: () => void this.fetch(),
      changed: () => this.#outboxChanged(),
      now,
    });
    this.set({ outbox: this.#outbox.state });
  }

  /** Sends what an earlier page left unsent, then fetches the first task. */
  async start(): Promise<void> {
    this.#outbox.reopen();
    this.#store.forgetOldDrafts(this.#now());
    this.#presence.start();
    await this.#outbox.sendNow();
    await this.fetch();
  }

  stop(): void {
    this.#outbox.close();
    this.#presence.stop();
    void this.#drafts.saveNow();
  }

  /** Any sign of a person at work: counts active time, and after a pause asks at once to hold the task again. */
  touch(): void {
    this.getState().current?.time.touch(this.#now());
    this.#presence.touch();
  }

  saveDraft(): void {
    void this.#drafts.saveNow();
  }

  /** Tries again at once whatever could not be sent or fetched. */
  retry(): void {
    void this.#outbox.sendNow();
    if (this.getState().current === null) void this.fetch();
  }

  discard(key: string): void {
    this.#outbox.discard(key);
  }

  /** Fetches a task when none is on the screen, and the one after it. */
  async fetch(): Promise<void> {
    if (this.getState().phase === 'trouble') this.set({ phase: 'loading', trouble: null });
    try {
      await this.#feed.run();
    } catch (error) {
      // With a task on the screen the work goes on; the next submit asks again.
      if (this.getState().current === null) this.#stuck(this.#readTrouble(error));
    }
  }

  /** Whether another one may be wanted. */
  async #fetchOne(): Promise<boolean> {
    const { current, ahead, outbox } = this.getState();
    if (current !== null && ahead.length > 0) return false;
    const sendings = outbox.waiting.some((letter) => letter.tries > 0) ? null : this.#sendings;
    const view = await this.#api.claim(current !== null);
    if (view !== null && sendings === this.#sendings) this.set({ progress: view.progress });
    // One that was acknowledged meanwhile: the answer is older than the acknowledgement, so ask again.
    if (view !== null && (this.#arrive(view) || this.#done.has(view.assignmentId))) return true;
    if (this.getState().current !== null) return current === null; // one came by another way meanwhile: fetch the one after it
    if (current !== null) return true; // it was submitted meanwhile
    if (this.getState().outbox.waiting.length === 0) {
      this.set({ phase: 'empty' });
      this.keys.clear(); // meant for a task that will not come
    }
    return false;
  }

  rank(action: RankingAction): void {
    const task = this.getState().current;
    if (task === null) return;
    const ranking = rankingReducer(task.ranking, action);
    if (ranking === task.ranking) return;
    const changed = { ...task, ranking };
    this.set({ current: changed });
    if (ranking.places === task.ranking.places) return;
    this.set({ notice: null });
    this.say(announcementOf(action, task.ranking, ranking));
    this.#drafts.keep(changed);
  }

  submit(): void {
    const task = this.getState().current;
    if (task === null) return;
    const ready = readiness(task.ranking.places);
    if (ready.kind !== 'ready') {
      this.say({ kind: 'waits' });
      return;
    }
    const key = crypto.randomUUID();
    this.#leave(
      {
        kind: 'submit',
        key,
        assignmentId: task.view.assignmentId,
        tries: 0,
        content: toComparison(task.view, task.ranking),
        activeMs: task.time.ms,
      },
      task,
      { lastSent: { key, task, order: ready.order, annotationId: null } },
    );
  }

  skip(reason: SkipReason): void {
    const task = this.getState().current;
    if (task === null) return;
    const letter: TaskLetter = { kind: 'skip', key: crypto.randomUUID(), assignmentId: task.view.assignmentId, tries: 0, reason };
    this.#leave(letter, task, { lastSent: null, panel: null });
  }

  /** Undo; with nothing to undo in this task, the ranking sent last is taken back. */
  undo(): void {
    const task = this.getState().current;
    if (task !== null && task.ranking.past.length > 0) this.rank({ type: 'undo' });
    else void this.#takeBack();
  }

  /** Opens a panel, or closes it where it is the open one. */
  open(panel: ScreenState['panel']): void {
    this.set({ panel: this.getState().panel === panel ? null : panel });
  }

  toggle(what: 'differences' | 'promptFolded'): void {
    this.set({ [what]: !this.getState()[what] });
  }

  /** The screen goes on at once; the letter follows behind. */
  #leave(letter: TaskLetter, task: OpenTask, change: Partial<ScreenState>): void {
    this.#drafts.leave(task);
    const [next, ...rest] = this.getState().ahead;
    const then: Partial<ScreenState> =
      next === undefined ? { current: null, phase: 'loading', draft: { kind: 'none', at: null } } : shownTask(next, this.#now());
    this.set({ ...change, ...then, notice: null, ahead: rest });
    this.#outbox.add(letter);
    this.keys.drain();
  }

  #send(letter: TaskLetter): Promise<Acknowledgement> {
    this.#sendings += 1;
    const { assignmentId } = letter;
    return letter.kind === 'submit'
      ? this.#api.submit({ assignmentId, idempotencyKey: letter.key, content: letter.content, activeMs: letter.activeMs })
      : this.#api.skip({ assignmentId, reason: letter.reason }).then(({ next }) => ({ annotationId: null, surplus: false, next }));
  }

  #acknowledged(letter: TaskLetter, { annotationId, surplus, next }: Acknowledgement): void {
    this.#store.forgetDraft(letter.assignmentId);
    this.#done.add(letter.assignmentId);
    const { current, lastSent, progress, takingBack } = this.getState();
    if (lastSent?.key === letter.key) this.set({ lastSent: { ...lastSent, annotationId } });
    if (lastSent?.key === letter.key && annotationId !== null && takingBack) void this.#withdraw(annotationId, lastSent);
    if (surplus) this.set({ notice: { kind: 'surplus' } });
    this.set({ progress: next?.progress ?? countDone(progress, letter) });
    // A letter of an earlier page: what else is held is not known here, so the one in hand is asked for first.
    if (next !== null && (lastSent !== null || current !== null)) this.#arrive(next);
    void this.fetch();
  }

  #outboxChanged(): void {
    const { state } = this.#outbox;
    this.set({ outbox: state });
    if (state.trouble === null) return;
    const { phase, lastSent, takingBack } = this.getState();
    if (phase === 'loading') this.#stuck(state.trouble);
    if (!takingBack || lastSent?.annotationId !== null) return;
    this.set({ takingBack: false, notice: { kind: 'stillSending' } });
    this.keys.clear(); // typed for the task that did not come back
  }

  /** No task on the screen and none to be had: say why. Keys were meant for a task that did not come. */
  #stuck(trouble: Trouble): void {
    this.set({ phase: 'trouble', trouble });
    this.keys.clear();
  }

  /** A task came: onto the screen, or behind the one that is there. False where it is here already, or on its way out. */
  #arrive(view: TaskView): boolean {
    const { current, ahead, outbox } = this.getState();
    if ([current, ...ahead].some((task) => task?.view.assignmentId === view.assignmentId)) return false;
    if (this.#done.has(view.assignmentId) || outbox.waiting.some((letter) => letter.assignmentId === view.assignmentId)) return false;
    const { ranking, activeMs, draftedAt } = openRanking(view, this.#store.loadDraft(view.assignmentId));
    const task: OpenTask = { view, ranking, time: new ActiveTime(this.#now(), activeMs), draftedAt };
    if (current === null) {
      this.set(shownTask(task, this.#now()));
      this.keys.drain();
    } else this.set({ ahead: [...ahead, task] });
    return true;
  }

  async #takeBack(): Promise<void> {
    const { lastSent } = this.getState();
    if (lastSent === null) this.set({ notice: { kind: 'nothingToUndo' } });
    else if (this.#outbox.takeOut(lastSent.key)) this.#putBack(lastSent.task);
    else if (lastSent.annotationId === null && this.#outbox.state.trouble !== null) this.set({ notice: { kind: 'stillSending' } });
    else if (lastSent.annotationId === null)
      this.set({ takingBack: true }); // until it is acknowledged: a moment
    else await this.#withdraw(lastSent.annotationId, lastSent);
  }

  async #withdraw(annotationId: string, { key, task }: LastSent): Promise<void> {
    this.set({ takingBack: true });
    try {
      const view = await this.#api.withdraw({ annotationId, idempotencyKey: `withdraw-${key}` });
      if (view === null) {
        this.set({ lastSent: null, takingBack: false, notice: { kind: 'withdrawn' } });
      } else {
        this.set({ progress: view.progress });
        this.#putBack(sameAnswers(view, task.view) ? { ...task, view } : { ...task, view, ...openRanking(view, null) });
      }
    } catch (error) {
      this.set({ takingBack: false, notice: { kind: 'notTakenBack', trouble: this.#readTrouble(error) } });
    }
    this.keys.drain();
  }

  /** The task that was sent is on the screen again; the one that had come is the next. */
  #putBack(task: OpenTask): void {
    const { current, ahead } = this.getState();
    this.#done.delete(task.view.assignmentId);
    if (current !== null) this.#drafts.leave(current);
    this.set({
      ...shownTask({ ...task, draftedAt: this.#now() }, this.#now()),
      lastSent: null,
      takingBack: false,
      ahead: current === null ? ahead : [current, ...ahead],
      notice: { kind: 'takenBack' },
    });
  }

  async #beat(): Promise<void> {
    const { current, ahead, phase } = this.getState();
    if (phase === 'empty') return this.fetch();
    if (current === null) return;
    try {
      const answers = await this.#api.heartbeat([current, ...ahead].slice(0, 3).map((task) => task.view.assignmentId));
      const lost = new Set(answers.filter((answer) => !answer.held).map((answer) => answer.assignmentId));
      if (lost.size === 0) return;
      this.set({ ahead: this.getState().ahead.filter((task) => !lost.has(task.view.assignmentId)) });
      if (lost.has(this.getState().current?.view.assignmentId ?? '')) this.set({ notice: { kind: 'lost' } });
    } catch {
      // The lease outlives many lost heartbeats; the next one comes in half a minute.
    }
  }

  /** For the live region. */
  say(what: Announcement): void {
    this.set({ said: { id: (this.getState().said?.id ?? 0) + 1, what } });
  }
}
