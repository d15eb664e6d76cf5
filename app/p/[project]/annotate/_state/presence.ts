const BEAT_MS = 30_000;
/** Without any action for this long the page no longer asks for its task to be held. */
const AWAY_MS = 8 * 60_000;

/** Whether a person is at the page; while so, `beat` is called every half minute, and at once when he comes back. */
export class Presence {
  readonly #beat: () => void;
  readonly #now: () => number;
  #touched: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(beat: () => void, now: () => number) {
    this.#beat = beat;
    this.#now = now;
    this.#touched = now();
  }

  start(): void {
    this.#timer ??= setInterval(() => !this.away && this.#beat(), BEAT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  touch(): void {
    const wasAway = this.away;
    this.#touched = this.#now();
    if (wasAway) this.#beat();
  }

  get away(): boolean {
    return this.#now() - this.#touched > AWAY_MS;
  }
}
