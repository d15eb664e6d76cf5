import type { BrowserStore } from './browser-store';
import { OneAtATime } from './one-at-a-time';
import { opened } from './open-task';
import type { Trouble } from './outbox';
import { type LabelingApi, type ScreenState, shownTask } from './screen-state';
import type { TaskView } from './task-view';

interface Options {
  readonly api: Pick<LabelingApi, 'claim' | 'heartbeat'>;
  readonly store: BrowserStore;
  readonly readTrouble: (error: unknown) => Trouble;
  readonly now: () => number;
  readonly getState: () => ScreenState;
  readonly set: (change: Partial<ScreenState>) => void;
  /** A task came onto the screen. */
  readonly came: () => void;
  /** None will come now: what was typed ahead was meant for one. */
  readonly dry: () => void;
}

/** Brings tasks: one onto the screen, one behind it. */
export class Feed {
  readonly #options: Options;
  readonly #one = new OneAtATime(() => this.#fetchOne());
  /** Acknowledged: an answer that was on its way meanwhile may still name them. */
  readonly #done = new Set<string>();
  /** Tries of letters so far: a count that a view carries is true only if none may have arrived meanwhile. */
  #sendings = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  sending(): void {
    this.#sendings += 1;
  }

  finish(assignmentId: string): void {
    this.#done.add(assignmentId);
  }

  reopen(assignmentId: string): void {
    this.#done.delete(assignmentId);
  }

  /** Fetches a task when none is on the screen, and the one after it. */
  async fetch(): Promise<void> {
    const { getState, set, readTrouble } = this.#options;
    if (getState().phase === 'trouble') set({ phase: 'loading', trouble: null });
    try {
      await this.#one.run();
    } catch (error) {
      const trouble = readTrouble(error);
      if (trouble.code === 'UNAUTHENTICATED') set({ signedOut: true });
      // With a task on the screen the work goes on; the next submit asks again.
      if (getState().current === null) this.stuck(trouble);
    }
  }

  /** No task on the screen and none to be had: say why. */
  stuck(trouble: Trouble): void {
    this.#options.set({ phase: 'trouble', trouble });
    this.#options.dry();
  }

  /** The next task comes onto the screen, or a wait for it. */
  next(then: Partial<ScreenState>): void {
    const { getState, set, now } = this.#options;
    const [next, ...rest] = getState().ahead;
    const none = { current: null, phase: 'loading', draft: { kind: 'none', at: null }, sheet: null } as const;
    set({ ...then, ...(next === undefined ? none : shownTask(next, now())), notice: null, ahead: rest });
  }

  /** A task came: onto the screen, or behind the one that is there. False where it is here already, or on its way out. */
  arrive(view: TaskView): boolean {
    const { getState, set, store, now, came } = this.#options;
    const { current, ahead, outbox } = getState();
    if ([current, ...ahead].some((task) => task?.view.assignmentId === view.assignmentId && task.corrects === null)) return false;
    if (this.#done.has(view.assignmentId) || outbox.waiting.some((letter) => letter.assignmentId === view.assignmentId)) return false;
    const task = opened(view, store.loadDraft(view.assignmentId), now());
    if (current === null) {
      set(shownTask(task, now()));
      came();
    } else set({ ahead: [...ahead, task] });
    return true;
  }

  /** Holds what is here for longer; what went to somebody else meanwhile goes, but for the task on the screen. */
  async beat(): Promise<void> {
    const { api, getState, set, readTrouble } = this.#options;
    const { current, ahead, phase } = getState();
    if (phase === 'empty') return this.fetch();
    if (current === null) return;
    try {
      const answers = await api.heartbeat([current, ...ahead].slice(0, 3).map((task) => task.view.assignmentId));
      const lost = new Set(answers.filter((answer) => !answer.held).map((answer) => answer.assignmentId));
      if (lost.size === 0) return;
      set({ ahead: getState().ahead.filter((task) => !lost.has(task.view.assignmentId)) });
      const { current: now } = getState();
      if (now !== null && now.corrects === null && lost.has(now.view.assignmentId)) set({ notice: { kind: 'lost' } });
    } catch (error) {
      // Else the lease outlives many lost heartbeats; the next one comes in half a minute.
      if (readTrouble(error).code === 'UNAUTHENTICATED') set({ signedOut: true });
    }
  }

  /** Whether another one may be wanted. */
  async #fetchOne(): Promise<boolean> {
    const { api, getState, set, dry } = this.#options;
    const { current, ahead, outbox } = getState();
    if (current !== null && ahead.length > 0) return false;
    const sendings = outbox.waiting.some((letter) => letter.tries > 0) ? null : this.#sendings;
    const view = await api.claim(current !== null);
    set({ signedOut: false });
    if (view !== null && sendings === this.#sendings) set({ progress: view.progress });
    // One that was acknowledged meanwhile: the answer is older than the acknowledgement, so ask again.
    if (view !== null && (this.arrive(view) || this.#done.has(view.assignmentId))) return true;
    if (getState().current !== null) return current === null; // one came by another way meanwhile: fetch the one after it
    if (current !== null) return true; // it was submitted meanwhile
    if (getState().outbox.waiting.length === 0) {
      set({ phase: 'empty' });
      dry();
    }
    return false;
  }
}
