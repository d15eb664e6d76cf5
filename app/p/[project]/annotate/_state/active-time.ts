/** A longer gap without any key, pointer or scroll is a pause, not work. */
const IDLE_MS = 120_000;

/** Time that a person was at a task: gaps between their actions, pauses left out. Times in milliseconds. */
export class ActiveTime {
  #total: number;
  #last: number;

  constructor(now: number, before = 0) {
    this.#total = before;
    this.#last = now;
  }

  touch(now: number): void {
    const gap = now - this.#last;
    if (gap > 0 && gap <= IDLE_MS) this.#total += gap;
    this.#last = now;
  }

  get ms(): number {
    return Math.round(this.#total);
  }

  idleSince(now: number): number {
    return now - this.#last;
  }
}
