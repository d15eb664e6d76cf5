import type { SkipReason } from '#lib/domain/assignment';
import type { Comparison } from '#lib/domain/comparison';
import { ActiveTime } from './active-time';
import type { BrowserStore } from './browser-store';
import type { Letter, OutboxState, Trouble } from './outbox';
import { ASIDE, type PlaceGroup, type RankingAction, type RankingState } from './ranking';
import type { Progress, TaskView } from './task-view';

/** A task that this page holds. */
export interface OpenTask {
  readonly view: TaskView;
  readonly ranking: RankingState;
  readonly time: ActiveTime;
  /** When the ranking it came with was kept, in ms since 1970; null where it came untouched. */
  readonly draftedAt: number | null;
}

export type TaskLetter =
  | (Letter & { readonly kind: 'submit'; readonly content: Comparison; readonly activeMs: number })
  | (Letter & { readonly kind: 'skip'; readonly reason: SkipReason });

/** The ranking sent last: Z takes it back. */
export interface LastSent {
  readonly key: string;
  readonly task: OpenTask;
  readonly order: readonly PlaceGroup[];
  /** Null until the server acknowledged it. */
  readonly annotationId: string | null;
}

/** A line beside the save state that says what just happened; the page words it. */
type Notice =
  | { readonly kind: 'surplus' | 'withdrawn' | 'stillSending' | 'nothingToUndo' | 'takenBack' | 'lost' }
  | { readonly kind: 'notTakenBack'; readonly trouble: Trouble };

/** What the live region says. */
export type Announcement =
  | { readonly kind: 'placed' | 'aside' | 'cleared'; readonly answer: number }
  | { readonly kind: 'undone' | 'waits' }
  | { readonly kind: 'noSuchPlace'; readonly count: number };

export interface ScreenState {
  /**
   * loading: the next task is on its way, keys wait. open: a task is on the screen. empty: nothing is left for this person.
   * trouble: the next task could not be fetched.
   */
  readonly phase: 'loading' | 'open' | 'empty' | 'trouble';
  readonly current: OpenTask | null;
  readonly ahead: readonly OpenTask[];
  readonly progress: Progress | null;
  readonly outbox: OutboxState<TaskLetter>;
  readonly lastSent: LastSent | null;
  readonly takingBack: boolean;
  /** here: only in this browser. */
  readonly draft: { readonly kind: 'none' | 'saving' | 'saved' | 'here'; readonly at: number | null };
  readonly trouble: Trouble | null;
  readonly notice: Notice | null;
  readonly said: { readonly id: number; readonly what: Announcement } | null;
  readonly panel: 'guideline' | 'keys' | 'skip' | null;
  readonly differences: boolean;
  readonly promptFolded: boolean;
}

/** What the screen asks of the server. */
export interface LabelingApi {
  claim(ahead: boolean): Promise<TaskView | null>;
  submit(letter: { assignmentId: string; idempotencyKey: string; content: Comparison; activeMs: number }): Promise<{
    annotationId: string;
    surplus: boolean;
    next: TaskView | null;
  }>;
  skip(letter: { assignmentId: string; reason: SkipReason }): Promise<{ next: TaskView | null }>;
  withdraw(letter: { annotationId: string; idempotencyKey: string }): Promise<TaskView | null>;
  saveDraft(draft: { assignmentId: string; draft: unknown }): Promise<{ savedAt: Date }>;
  heartbeat(assignmentIds: string[]): Promise<readonly { assignmentId: string; held: boolean }[]>;
}

export interface StoreOptions {
  readonly api: LabelingApi;
  readonly store: BrowserStore;
  readonly readTrouble: (error: unknown) => Trouble;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Acknowledgement {
  readonly annotationId: string | null;
  readonly surplus: boolean;
  readonly next: TaskView | null;
}

export function initialScreen(): ScreenState {
  return {
    phase: 'loading',
    current: null,
    ahead: [],
    progress: null,
    outbox: { waiting: [], sending: false, trouble: null, retryAt: null, refused: [] },
    lastSent: null,
    takingBack: false,
    draft: { kind: 'none', at: null },
    trouble: null,
    notice: null,
    said: null,
    panel: null,
    differences: false,
    promptFolded: false,
  };
}

/** What the bar shows: the server's count, with what is on its way counted as done. */
export function shownProgress({ progress, outbox }: ScreenState): { done: number; total: number } | null {
  if (progress === null) return null;
  const submits = outbox.waiting.filter((letter) => letter.kind === 'submit').length;
  const skips = outbox.waiting.length - submits;
  const done = progress.doneToday + submits;
  return { done, total: Math.max(done, progress.doneToday + progress.left - skips) };
}

/** The count after an acknowledgement that brought no newer one. */
export function countDone(progress: Progress | null, letter: TaskLetter): Progress | null {
  if (progress === null) return null;
  return { doneToday: progress.doneToday + (letter.kind === 'submit' ? 1 : 0), left: Math.max(0, progress.left - 1) };
}

/** What changes when a task comes onto the screen. */
export function shownTask(task: OpenTask, now: number): Partial<ScreenState> {
  const time = new ActiveTime(now, task.time.ms); // waiting behind another task is no work on this one
  const draft = task.draftedAt === null ? ({ kind: 'none', at: null } as const) : ({ kind: 'saved', at: task.draftedAt } as const);
  return { phase: 'open', trouble: null, current: { ...task, time }, draft };
}

/** What is said of a change of places. */
export function announcementOf(action: RankingAction, before: RankingState, after: RankingState): Announcement {
  if (action.type === 'undo') return { kind: 'undone' };
  const answer = 'answer' in action && action.answer !== undefined ? action.answer : before.focus;
  const place = after.places[answer];
  return { kind: place === ASIDE ? 'aside' : place === null ? 'cleared' : 'placed', answer };
}
