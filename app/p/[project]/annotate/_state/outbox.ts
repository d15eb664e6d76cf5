import type { ErrorCode } from '#lib/errors';

/** What is kept until the server acknowledged it, also over a reload of the page. */
export interface Letter {
  /** The idempotency key: every try of this letter carries it, so that any number of tries count once. */
  readonly key: string;
  readonly assignmentId: string;
  readonly tries: number;
}

export interface Trouble {
  readonly code: ErrorCode | 'OFFLINE';
  readonly message: string;
  /** What the server adds to it, such as `need`: what has to be done before a task comes. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface OutboxState<L extends Letter> {
  readonly waiting: readonly L[];
  readonly sending: boolean;
  /** Why the first one has not gone yet. */
  readonly trouble: Trouble | null;
  /** When it is tried again by itself, in ms since 1970. */
  readonly retryAt: number | null;
  /** The server answered that it will not take these. */
  readonly refused: readonly { readonly letter: L; readonly trouble: Trouble }[];
}

export interface LetterBox<L> {
  load(): L[];
  keep(letter: L): void;
  forget(key: string): void;
}

interface Options<L extends Letter, Answer> {
  send: (letter: L) => Promise<Answer>;
  readTrouble: (error: unknown) => Trouble;
  box: LetterBox<L>;
  sent: (letter: L, answer: Answer) => void;
  refused: () => void;
  changed: () => void;
  now: () => number;
}

/** Another try can help: the network, the server, or (after signing in again) the session was the reason. */
const worthRetrying: ReadonlySet<Trouble['code']> = new Set([
  'OFFLINE',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'INTERNAL',
  'DISK_FULL',
  'UNAUTHENTICATED',
]);

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/** Sends letters one after another, in order, each until it is acknowledged or refused. */
export class Outbox<L extends Letter, Answer> {
  readonly #options: Options<L, Answer>;
  #state: OutboxState<L>;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #closed = false;
  #running = false;

  constructor(options: Options<L, Answer>) {
    this.#options = options;
    this.#state = { waiting: options.box.load(), sending: false, trouble: null, retryAt: null, refused: [] };
  }

  get state(): OutboxState<L> {
    return this.#state;
  }

  add(letter: L): void {
    this.#options.box.keep(letter);
    this.#set({ waiting: [...this.#state.waiting, letter] });
    if (this.#state.trouble === null) void this.sendNow();
  }

  /** Takes a letter out again if it surely never reached the server. */
  takeOut(key: string): boolean {
    const letter = this.#state.waiting.find((one) => one.key === key);
    if (letter === undefined || letter.tries > 0) return false;
    this.#options.box.forget(key);
    this.#set({ waiting: this.#state.waiting.filter((one) => one.key !== key) });
    return true;
  }

  /** Gives up a letter that was refused. */
  discard(key: string): void {
    this.#options.box.forget(key);
    this.#set({ refused: this.#state.refused.filter(({ letter }) => letter.key !== key) });
  }

  /** Tries now whatever waits. Resolves when the outbox is empty or the first letter failed. */
  async sendNow(): Promise<void> {
    if (this.#running || this.#closed) return;
    this.#running = true; // also while `sent` is told, which may add the next letter
    this.#clearTimer();
    try {
      await this.#sendAll();
    } finally {
      this.#running = false;
    }
  }

  async #sendAll(): Promise<void> {
    for (let first = this.#state.waiting[0]; first !== undefined && !this.#closed; first = this.#state.waiting[0]) {
      const letter: L = { ...first, tries: first.tries + 1 };
      this.#options.box.keep(letter); // before it leaves: after a crash it is known that the server may have it
      this.#set({ waiting: [letter, ...this.#state.waiting.slice(1)], sending: true, retryAt: null });
      try {
        const answer = await this.#options.send(letter);
        this.#options.box.forget(letter.key);
        this.#next();
        this.#options.sent(letter, answer);
      } catch (error) {
        const trouble = this.#options.readTrouble(error);
        if (worthRetrying.has(trouble.code)) {
          this.#later(trouble);
          return;
        }
        this.#next(); // stays in the box: after a reload it is tried, and shown, again
        this.#set({ refused: [...this.#state.refused, { letter, trouble }] });
        this.#options.refused();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#clearTimer();
  }

  reopen(): void {
    this.#closed = false;
  }

  #next(): void {
    this.#failures = 0;
    this.#set({ waiting: this.#state.waiting.slice(1), sending: false, trouble: null });
  }

  #later(trouble: Trouble): void {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    if (!this.#closed) this.#timer = setTimeout(() => void this.sendNow(), wait);
    this.#set({ sending: false, trouble, retryAt: this.#options.now() + wait });
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #set(change: Partial<OutboxState<L>>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.changed();
  }
}
