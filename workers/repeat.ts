export interface Repeated {
  /** Does the work now, or once more right after the one in progress. */
  now(): void;
  /** Ends after the work in progress. */
  stop(): Promise<void>;
}

/** Does `work` every `milliseconds`, never twice at once. `work` handles its own errors. */
export function repeat(milliseconds: number, work: () => Promise<void>): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const start = () => {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    clearTimeout(timer);
    running = work().finally(() => {
      running = undefined;
      if (stopped) return;
      if (again) {
        again = false;
        start();
      } else timer = setTimeout(start, milliseconds);
    });
  };
  timer = setTimeout(start, milliseconds);
  return {
    now: start,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
