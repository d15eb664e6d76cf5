import { openAnswer } from './answer';
import { newHistory } from './history';
import type { Outbox, Trouble } from './outbox';
import type { Acknowledgement, LabelingApi, LastSent, OpenTask, ScreenState, TaskLetter } from './screen-state';
import { sameAnswers } from './task-view';

interface Options {
  readonly api: Pick<LabelingApi, 'withdraw'>;
  readonly outbox: Outbox<TaskLetter, Acknowledgement>;
  readonly readTrouble: (error: unknown) => Trouble;
  readonly getState: () => ScreenState;
  readonly set: (change: Partial<ScreenState>) => void;
  readonly putBack: (task: OpenTask) => void;
  readonly done: () => void;
  /** It does not come back now: what was typed was meant for it. */
  readonly gaveUp: () => void;
}

/** Takes back what was sent last: out of the outbox while it has not left, else by withdrawing it on the server. */
export class TakingBack {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { outbox, set, getState, putBack } = this.#options;
    const { lastSent } = getState();
    if (lastSent === null) set({ notice: { kind: 'nothingToUndo' } });
    else if (outbox.takeOut(lastSent.key)) putBack(lastSent.task);
    else if (lastSent.annotationId === null && outbox.state.trouble !== null) set({ notice: { kind: 'stillSending' } });
    else if (lastSent.annotationId === null)
      set({ takingBack: true }); // until it is acknowledged: a moment
    else await this.#withdraw(lastSent.annotationId, lastSent);
  }

  acknowledged(annotationId: string | null): void {
    const { lastSent, takingBack } = this.#options.getState();
    if (takingBack && lastSent !== null && annotationId !== null) void this.#withdraw(annotationId, lastSent);
  }

  /** The letter could not be sent: it stays on its way, and typing goes on in the task that is there. */
  waits(): void {
    const { lastSent, takingBack } = this.#options.getState();
    if (!takingBack || lastSent?.annotationId !== null) return;
    this.#options.set({ takingBack: false, notice: { kind: 'stillSending' } });
    this.#options.gaveUp();
  }

  async #withdraw(annotationId: string, { key, task }: LastSent): Promise<void> {
    const { api, set, putBack, readTrouble, done } = this.#options;
    set({ takingBack: true });
    try {
      const view = await api.withdraw({ annotationId, idempotencyKey: `withdraw-${key}` });
      if (view === null) {
        set({ lastSent: null, takingBack: false, notice: { kind: 'withdrawn' } });
      } else {
        set({ progress: view.progress });
        if (sameAnswers(view, task.view)) putBack({ ...task, view });
        else putBack({ ...task, view, ...newHistory(openAnswer(view, null).answer) });
      }
    } catch (error) {
      set({ takingBack: false, notice: { kind: 'notTakenBack', trouble: readTrouble(error) } });
    }
    done();
  }
}
