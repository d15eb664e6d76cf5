import type { AnnotationContent } from '#lib/domain/annotation-content';
import type { SkipReason } from '#lib/domain/assignment';
import type { TrainingFeedback } from '#lib/services/quality/training-feedback';
import type { RewardHintView } from '#lib/services/review/reward-hint';
import { ActiveTime } from './active-time';
import type { BrowserStore } from './browser-store';
import type { History } from './history';
import type { Line } from './line';
import type { Letter, OutboxState, Trouble } from './outbox';
import type { Progress, TaskView } from './task-view';

/** A task that this page holds. */
export interface OpenTask extends History {
  readonly view: TaskView;
  readonly time: ActiveTime;
  /** When the answer it came with was kept, in ms since 1970; null where it came untouched. */
  readonly draftedAt: number | null;
  /** The annotation that this one takes the place of; null for a new one. */
  readonly corrects: string | null;
}

export type TaskLetter =
  | (Letter & { readonly kind: 'submit'; readonly content: AnnotationContent; readonly activeMs: number })
  | (Letter & { readonly kind: 'correct'; readonly annotationId: string; readonly content: AnnotationContent; readonly activeMs: number })
  | (Letter & { readonly kind: 'skip'; readonly reason: SkipReason });

/** The judgement sent last: Z takes it back. */
export interface LastSent {
  readonly key: string;
  readonly task: OpenTask;
  /** The judgement in a few words. */
  readonly summary: Line | null;
  /** Null until the server acknowledged it. */
  readonly annotationId: string | null;
}

/** A line beside the save state that says what just happened; the page words it. */
type Notice =
  | {
      readonly kind:
        | 'surplus'
        | 'withdrawn'
        | 'stillSending'
        | 'nothingToUndo'
        | 'takenBack'
        | 'lost'
        | 'corrected'
        | 'otherPage'
        | 'followed';
    }
  | { readonly kind: 'notTakenBack' | 'notCorrected'; readonly trouble: Trouble };

/** What opens beside or over the work. */
export type PanelName = 'guideline' | 'keys' | 'skip' | 'report' | 'messages' | 'settings';

/** Parts that open as a sheet in the focused answer's place. */
export type SheetPart = 'flags' | 'rating' | 'note';

export interface ScreenState {
  /**
   * loading: the next task is on its way, keys wait. open: a task is on the screen. sent: the task stays until the server has
   * told what there is to tell of it. told: that is shown. empty: nothing is left for this person. trouble: the next task
   * could not be fetched.
   */
  readonly phase: 'loading' | 'open' | 'sent' | 'told' | 'empty' | 'trouble';
  readonly current: OpenTask | null;
  readonly ahead: readonly OpenTask[];
  readonly progress: Progress | null;
  readonly outbox: OutboxState<TaskLetter>;
  readonly lastSent: LastSent | null;
  readonly takingBack: boolean;
  /** here: only in this browser. */
  readonly draft: { readonly kind: 'none' | 'saving' | 'saved' | 'here'; readonly at: number | null };
  /** The server no longer knows who this is; what is done is kept in the browser. */
  readonly signedOut: boolean;
  readonly trouble: Trouble | null;
  readonly notice: Notice | null;
  /** What the server told after the last submission. */
  readonly told: Told | null;
  readonly said: { readonly id: number; readonly line: Line } | null;
  /** The task whose text field stands on the screen; of kinds in which a text is written. */
  readonly fieldFor: string | null;
  readonly panel: PanelName | null;
  readonly sheet: SheetPart | null;
  readonly differences: boolean;
  readonly together: boolean;
  readonly promptFolded: boolean;
}

/** What the server tells after a submission only; each field as its service gives it. */
export interface Told {
  readonly annotationId: string;
  readonly view: TaskView;
  readonly feedback?: TrainingFeedback | null;
  readonly hint?: RewardHintView | null;
  readonly reveal?: unknown;
}

interface Judgement {
  readonly idempotencyKey: string;
  readonly content: AnnotationContent;
  readonly activeMs: number;
}

/** What the screen asks of the server. */
export interface LabelingApi {
  claim(ahead: boolean): Promise<TaskView | null>;
  submit(letter: Judgement & { assignmentId: string }): Promise<Acknowledgement & { annotationId: string }>;
  correct(letter: Judgement & { annotationId: string }): Promise<{ annotationId: string; surplus: boolean }>;
  own(annotationId: string): Promise<{ view: TaskView; content: AnnotationContent }>;
  skip(letter: { assignmentId: string; reason: SkipReason }): Promise<{ next: TaskView | null }>;
  withdraw(letter: { annotationId: string; idempotencyKey: string }): Promise<TaskView | null>;
  /** Whether the judgement stays after the reward ensemble's hint. */
  answerHint?(answer: { annotationId: string; outcome: 'KEPT' | 'REVISED' }): Promise<unknown>;
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
  readonly feedback?: TrainingFeedback | null;
  readonly hint?: RewardHintView | null;
  readonly reveal?: unknown;
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
    signedOut: false,
    trouble: null,
    notice: null,
    told: null,
    said: null,
    fieldFor: null,
    panel: null,
    sheet: null,
    differences: false,
    together: false,
    promptFolded: false,
  };
}

/** What the bar shows: the server's count, with what is on its way counted as done. */
export function shownProgress({ progress, outbox }: ScreenState): { done: number; total: number } | null {
  if (progress === null) return null;
  const submits = outbox.waiting.filter((letter) => letter.kind === 'submit').length;
  const skips = outbox.waiting.filter((letter) => letter.kind === 'skip').length;
  const done = progress.doneToday + submits;
  return { done, total: Math.max(done, progress.doneToday + progress.left - skips) };
}

/** The count after an acknowledgement that brought no newer one. */
export function countDone(progress: Progress | null, letter: TaskLetter): Progress | null {
  if (progress === null || letter.kind === 'correct') return progress;
  return { doneToday: progress.doneToday + (letter.kind === 'submit' ? 1 : 0), left: Math.max(0, progress.left - 1) };
}

/** What changes when a task comes onto the screen. */
export function shownTask(task: OpenTask, now: number): Partial<ScreenState> {
  const time = new ActiveTime(now, task.time.ms); // waiting behind another task is no work on this one
  const draft = task.draftedAt === null ? ({ kind: 'none', at: null } as const) : ({ kind: 'saved', at: task.draftedAt } as const);
  return { phase: 'open', trouble: null, current: { ...task, time }, draft, sheet: null };
}
