import type { BrowserStore } from './browser-store';
import type { LabelingApi, OpenTask, ScreenState } from './screen-state';
import { type Draft, toDraft } from './task-view';

const DELAY_MS = 1_200;

/** Keeps the open task's ranking: in this browser at once, on the server when the hand rests. */
export class DraftKeeper {
  readonly #api: Pick<LabelingApi, 'saveDraft'>;
  readonly #store: BrowserStore;
  readonly #now: () => number;
  readonly #changed: (assignmentId: string, draft: ScreenState['draft']) => void;
  #waiting: { readonly assignmentId: string; readonly draft: Draft } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    api: Pick<LabelingApi, 'saveDraft'>,
    store: BrowserStore,
    now: () => number,
    changed: (assignmentId: string, draft: ScreenState['draft']) => void,
  ) {
    this.#api = api;
    this.#store = store;
    this.#now = now;
    this.#changed = changed;
  }

  keep(task: OpenTask): void {
    const { assignmentId } = task.view;
    this.#waiting = { assignmentId, draft: this.#keepHere(task) };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.saveNow(), DELAY_MS);
    this.#changed(assignmentId, { kind: 'saving', at: null });
  }

  /** The task leaves the screen: the browser's copy stays until the server acknowledged what was sent. */
  leave(task: OpenTask): void {
    this.#keepHere(task);
    this.#waiting = null;
    clearTimeout(this.#timer);
  }

  async saveNow(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    clearTimeout(this.#timer);
    let kind: 'saved' | 'here' = 'saved';
    try {
      await this.#api.saveDraft(waiting);
    } catch {
      kind = 'here'; // offline, or the task is no longer ours: the copy in this browser stands
    }
    if (this.#waiting === null) this.#changed(waiting.assignmentId, { kind, at: this.#now() });
  }

  #keepHere(task: OpenTask): Draft {
    const draft = toDraft(task.view, task.ranking, task.time.ms, this.#now());
    this.#store.keepDraft(task.view.assignmentId, draft);
    return draft;
  }
}
