/**
 * Keys wait here, in order, until the page can take them: while the next task is on its way, while a submit is being built.
 * None is dropped and none overtakes another, at any typing speed.
 *
 * `take` answers 'taken' when the command has had its effect (the state that the next one reads is already the new one), or
 * 'wait' when the page cannot take it yet; then it stays first in line until `drain` is called again.
 */
export class KeyQueue<Command> {
  readonly #take: (command: Command) => 'taken' | 'wait';
  readonly #waiting: Command[] = [];
  #draining = false;

  constructor(take: (command: Command) => 'taken' | 'wait') {
    this.#take = take;
  }

  get size(): number {
    return this.#waiting.length;
  }

  push(command: Command): void {
    this.#waiting.push(command);
    this.drain();
  }

  /** Hands over what waits. Safe to call from within `take`: a command's own effects never let the next one in half-way. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        if (this.#take(first) === 'wait') return;
        this.#waiting.shift();
      }
    } finally {
      this.#draining = false;
    }
  }

  /** Only for when what the keys were meant for will not come: no task is left, or the page is being left. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
