import type { SkipReason } from '#lib/domain/assignment';
import { missingOf } from './answer';
import type { BrowserStore } from './browser-store';
import { createCommandQueue } from './command-queue';
import { Desk } from './desk';
import { DraftKeeper } from './draft-keeper';
import { Feed } from './feed';
import type { KeyQueue } from './key-queue';
import { judgementLetter, sendLetter } from './letters';
import { followed, reopened } from './open-task';
import { OtherPages, type PageNews } from './other-pages';
import { Outbox } from './outbox';
import { Presence } from './presence';
import type { Press } from './press';
import type { Acknowledgement, LabelingApi, OpenTask, PanelName, ScreenState, StoreOptions, TaskLetter } from './screen-state';
import { countDone, initialScreen, shownTask } from './screen-state';
import { TakingBack } from './taking-back';

/** Everything the annotation screen does, without React: tasks and keys in, judgements out. One for a page. */
export class AnnotateStore extends Desk {
  readonly keys: KeyQueue<Press>;
  readonly #api: LabelingApi;
  readonly #store: BrowserStore;
  readonly #drafts: DraftKeeper;
  readonly #readTrouble: StoreOptions['readTrouble'];
  readonly #now: () => number;
  readonly #outbox: Outbox<TaskLetter, Acknowledgement>;
  readonly #presence: Presence;
  readonly #others: OtherPages;
  readonly #takingBack: TakingBack;
  readonly #feed: Feed;

  constructor({ api, store, readTrouble, now = Date.now }: StoreOptions) {
    super(initialScreen());
    this.#api = api;
    this.#store = store;
    this.#readTrouble = readTrouble;
    this.#now = now;
    this.#presence = new Presence(() => void this.#feed.beat(), now);
    this.keys = createCommandQueue(this);
    this.#others = new OtherPages(store.channel, (news) => this.#hear(news));
    this.#drafts = new DraftKeeper({
      api,
      store,
      now,
      changed: (assignmentId, draft) => {
        if (this.getState().current?.view.assignmentId === assignmentId) this.set({ draft });
        if (draft.kind === 'saved') this.set({ signedOut: false });
      },
      failed: (error) => this.#noteSignedOut(error),
    });
    this.#outbox = new Outbox({
      send: (letter) => {
        this.#feed.sending();
        return sendLetter(api, letter);
      },
      readTrouble,
      box: store,
      sent: (letter, answer) => this.#acknowledged(letter, answer),
      refused: () => {
        if (this.getState().phase === 'sent') this.#feed.next({ lastSent: null });
        void this.fetch();
      },
      changed: () => this.#outboxChanged(),
      now,
    });
    const screen = { getState: this.getState, set: (part: Partial<ScreenState>) => this.set(part) };
    const clear = () => this.keys.clear();
    this.#feed = new Feed({ ...screen, api, store, readTrouble, now, came: () => this.keys.drain(), dry: clear });
    this.#takingBack = new TakingBack({
      api,
      outbox: this.#outbox,
      readTrouble,
      ...screen,
      putBack: (task) => this.#putBack(task),
      done: () => this.keys.drain(),
      gaveUp: clear,
    });
    this.set({ outbox: this.#outbox.state });
  }

  /** Sends what an earlier page left unsent, then fetches the first task. */
  async start(corrects: string | null = null): Promise<void> {
    this.#outbox.reopen();
    this.#store.forgetOldDrafts(this.#now());
    this.#presence.start();
    this.#others.open();
    await this.#outbox.sendNow();
    if (corrects !== null) await this.#correct(corrects);
    await this.fetch();
  }

  stop(): void {
    this.#outbox.close();
    this.#presence.stop();
    this.#others.close();
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

  /** Tries again at once whatever could not be sent, kept or fetched. */
  retry(): void {
    const { current, draft, signedOut } = this.getState();
    void this.#outbox.sendNow();
    if (current === null) void this.fetch();
    else if (draft.kind === 'here' || signedOut) {
      this.#drafts.keep(current);
      void this.#drafts.saveNow();
    }
  }

  discard(key: string): void {
    this.#outbox.discard(key);
  }

  /** Fetches a task when none is on the screen, and the one after it. */
  fetch(): Promise<void> {
    return this.#feed.fetch();
  }

  submit(): void {
    const { current: task, phase } = this.getState();
    if (task === null || phase !== 'open') return;
    const missing = missingOf(task.view, task.answer);
    if (missing !== null) {
      this.say(missing.title);
      return;
    }
    const { letter, lastSent } = judgementLetter(task);
    if (task.view.mode === 'work' && task.view.kind !== 'CHAT') {
      this.#leave(letter, task, { lastSent });
      return;
    }
    // The server has something to tell of this task: it stays in sight until then.
    this.#drafts.leave(task);
    this.set({ lastSent, phase: 'sent', notice: null, sheet: null });
    this.#outbox.add(letter);
  }

  /** From what was told of the last task to the next one. */
  goOn(): void {
    const { phase } = this.getState();
    if (phase !== 'told') {
      this.set({ told: null });
      return;
    }
    this.#feed.next({ told: null });
    this.keys.drain();
    void this.fetch();
  }

  /** After the reward ensemble's hint: the judgement stays, or it is opened to be changed. Both are marked. */
  answerHint(outcome: 'KEPT' | 'REVISED'): void {
    const hint = this.getState().told?.hint;
    if (!hint) return;
    this.set({ told: null });
    const { annotationId } = hint;
    // A lost answer leaves the hint unmarked; the judgement itself is kept either way.
    void this.#api.answerHint?.({ annotationId, outcome }).catch((error: unknown) => this.#noteSignedOut(error));
    if (outcome === 'REVISED') void this.#correct(annotationId);
  }

  skip(reason: SkipReason): void {
    const task = this.getState().current;
    if (task === null) return;
    if (task.corrects !== null) {
      this.#leaveCorrection();
      return;
    }
    const letter: TaskLetter = { kind: 'skip', key: crypto.randomUUID(), assignmentId: task.view.assignmentId, tries: 0, reason };
    this.#leave(letter, task, { lastSent: null, panel: null });
  }

  /** What was sent stays as it is: that needs no reason, and nothing is sent. */
  #leaveCorrection(): void {
    this.#feed.next({ panel: null });
    void this.fetch();
  }

  /** Undo; with nothing to undo in this task, the judgement sent last is taken back. */
  undo(): void {
    if (!this.undoHere()) void this.#takingBack.start();
  }

  /** An own annotation, to be changed: the new one takes the place of the earlier one. */
  async #correct(annotationId: string): Promise<void> {
    if (this.getState().current?.corrects === annotationId) return;
    try {
      const sent = await this.#api.own(annotationId);
      const task = reopened(annotationId, sent, this.#store.loadDraft(annotationId), this.#now());
      this.set({ ...shownTask(task, this.#now()), progress: sent.view.progress, ahead: this.#ahead() });
    } catch (error) {
      this.#noteSignedOut(error);
      this.set({ notice: { kind: 'notCorrected', trouble: this.#readTrouble(error) } });
    }
  }

  #ahead(): readonly OpenTask[] {
    const { current, ahead } = this.getState();
    return current === null ? ahead : [current, ...ahead];
  }

  /** Opens a panel, or closes it where it is the open one. */
  open(panel: PanelName | null): void {
    if (panel === 'skip' && this.getState().current?.corrects) this.#leaveCorrection();
    else this.set({ panel: this.getState().panel === panel ? null : panel });
  }

  protected clock(): number {
    return this.#now();
  }

  protected changed(task: OpenTask): void {
    const draft = this.#drafts.keep(task);
    this.#others.tell({ type: 'draft', assignmentId: task.view.assignmentId, draft });
  }

  /** The screen goes on at once; the letter follows behind. */
  #leave(letter: TaskLetter, task: OpenTask, then: Partial<ScreenState>): void {
    this.#drafts.leave(task);
    this.#feed.next({ ...then, told: null });
    this.#outbox.add(letter);
    this.#others.tell({ type: 'left', assignmentId: letter.assignmentId });
    this.keys.drain();
  }

  #acknowledged(letter: TaskLetter, answer: Acknowledgement): void {
    const { annotationId, surplus, next } = answer;
    this.#store.forgetDraft(letter.kind === 'correct' ? letter.annotationId : letter.assignmentId);
    if (letter.kind !== 'correct') this.#feed.finish(letter.assignmentId);
    const { current, lastSent, progress, phase } = this.getState();
    if (lastSent?.key === letter.key) {
      this.set({ lastSent: { ...lastSent, annotationId } });
      const { feedback, hint, reveal } = answer;
      const tells = [feedback, hint, reveal].some((one) => one !== undefined && one !== null);
      if (tells && annotationId !== null) this.set({ told: { annotationId, view: lastSent.task.view, feedback, hint, reveal } });
      if (phase === 'sent') {
        if (tells) this.set({ phase: 'told' });
        else this.#feed.next({});
        this.keys.drain();
      }
      this.#takingBack.acknowledged(annotationId);
    }
    if (surplus) this.set({ notice: { kind: 'surplus' } });
    if (letter.kind === 'correct') this.set({ notice: { kind: 'corrected' } });
    this.set({ progress: next?.progress ?? countDone(progress, letter), signedOut: false });
    // A letter of an earlier page: what else is held is not known here, so the one in hand is asked for first.
    if (next !== null && (lastSent !== null || current !== null)) this.#feed.arrive(next);
    void this.fetch();
  }

  #outboxChanged(): void {
    const { state } = this.#outbox;
    this.set({ outbox: state });
    if (state.trouble === null) return;
    if (this.getState().phase === 'loading') this.#feed.stuck(state.trouble);
    this.#takingBack.waits();
  }

  #noteSignedOut(error: unknown): void {
    if (this.#readTrouble(error).code === 'UNAUTHENTICATED') this.set({ signedOut: true });
  }

  /** The task that was sent is on the screen again; the one that had come is the next. */
  #putBack(task: OpenTask): void {
    const { current, phase } = this.getState();
    const ahead = phase === 'open' ? this.#ahead() : this.getState().ahead;
    this.#feed.reopen(task.view.assignmentId);
    if (current !== null && phase === 'open') this.#drafts.leave(current);
    this.set({ ...shownTask({ ...task, draftedAt: this.#now() }, this.#now()), lastSent: null, takingBack: false, told: null, ahead });
    this.set({ notice: { kind: 'takenBack' } });
  }

  /** Another page of this person works on the same task: it is followed, or the task was sent there and goes. */
  #hear(news: PageNews): void {
    const { current, ahead } = this.getState();
    const here = current?.view.assignmentId === news.assignmentId && current.corrects === null;
    if (news.type === 'left') {
      this.set({ ahead: ahead.filter((task) => task.view.assignmentId !== news.assignmentId) });
      if (here) {
        this.#drafts.drop();
        this.#feed.next({});
        this.set({ notice: { kind: 'otherPage' } });
      }
      void this.fetch();
    } else if (here) {
      this.set({ current: followed(current, news.draft, this.#now()), notice: { kind: 'followed' } });
    }
  }
}
