/** Runs `step` until it has nothing more to do; asked while it runs, it goes round once more. Never two at once. */
export class OneAtATime {
  readonly #step: () => Promise<boolean>;
  #running: Promise<void> | null = null;
  #again = false;

  /** @param step answers whether there may be more to do */
  constructor(step: () => Promise<boolean>) {
    this.#step = step;
  }

  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#loop();
    return this.#running;
  }

  async #loop(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        while (await this.#step());
      }
    } finally {
      this.#again = false;
      this.#running = null;
    }
  }
}
