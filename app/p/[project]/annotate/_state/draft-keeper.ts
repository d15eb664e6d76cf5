import { type Draft, toDraft } from './answer';
import type { BrowserStore } from './browser-store';
import type { LabelingApi, OpenTask, ScreenState } from './screen-state';

const DELAY_MS = 1_200;
/** Whoever writes without a rest is not kept waiting longer. */
const LONGEST_MS = 1_800;

interface Options {
  readonly api: Pick<LabelingApi, 'saveDraft'>;
  readonly store: BrowserStore;
  readonly now: () => number;
  readonly changed: (assignmentId: string, draft: ScreenState['draft']) => void;
  readonly failed: (error: unknown) => void;
}

/** Keeps the open task's answer: in this browser with each key, on the server within two seconds. */
export class DraftKeeper {
  readonly #options: Options;
  #waiting: { readonly assignmentId: string; readonly draft: Draft } | null = null;
  #since: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  keep(task: OpenTask): Draft {
    const { assignmentId } = task.view;
    const draft = this.#keepHere(task);
    if (task.corrects !== null) {
      this.#options.changed(assignmentId, { kind: 'here', at: this.#options.now() }); // the server keeps what was sent until it is changed
      return draft;
    }
    const now = this.#options.now();
    this.#waiting = { assignmentId, draft };
    this.#since ??= now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.saveNow(), Math.max(0, Math.min(DELAY_MS, this.#since + LONGEST_MS - now)));
    this.#options.changed(assignmentId, { kind: 'saving', at: null });
    return draft;
  }

  /** The task leaves the screen: the browser's copy stays until the server acknowledged what was sent. */
  leave(task: OpenTask): void {
    this.#keepHere(task);
    this.drop();
  }

  /** What waits for the server is no longer wanted there. */
  drop(): void {
    this.#waiting = null;
    this.#since = null;
    clearTimeout(this.#timer);
  }

  async saveNow(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    this.#since = null;
    clearTimeout(this.#timer);
    let kind: 'saved' | 'here' = 'saved';
    try {
      await this.#options.api.saveDraft(waiting);
    } catch (error) {
      kind = 'here'; // offline, signed out, or the task is no longer ours: the copy in this browser stands
      this.#options.failed(error);
    }
    if (this.#waiting === null) this.#options.changed(waiting.assignmentId, { kind, at: this.#options.now() });
  }

  #keepHere(task: OpenTask): Draft {
    const draft = toDraft(task.view, task.answer, task.time.ms, this.#options.now());
    this.#options.store.keepDraft(task.corrects ?? task.view.assignmentId, draft);
    return draft;
  }
}
