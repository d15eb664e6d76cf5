/** Looks for the first of some texts in a text that comes in pieces, and holds back what may be the beginning of one. */
export class StopStrings {
  private held = '';

  /** @param includeStop whether the text goes on to the end of the stop string, or ends before it */
  constructor(
    private readonly stops: readonly string[],
    private readonly includeStop: boolean,
  ) {}

  /** What is certain to belong to the text, and whether it ends with that. */
  push(piece: string): { readonly text: string; readonly stopped: boolean } {
    const text = this.held + piece;
    const found = this.earliest(text);
    if (found) {
      this.held = '';
      return { text: text.slice(0, this.includeStop ? found.end : found.begin), stopped: true };
    }
    let begin = text.length;
    for (const stop of this.stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > text.length - begin; length -= 1) {
        if (stop.startsWith(text.slice(text.length - length))) begin = text.length - length;
      }
    }
    this.held = text.slice(begin);
    return { text: text.slice(0, begin), stopped: false };
  }

  /** What was held back of a text that ended by itself. */
  end(): string {
    const { held } = this;
    this.held = '';
    return held;
  }

  /** The stop string that begins first; of those that begin at one place the longest. */
  private earliest(text: string): { begin: number; end: number } | undefined {
    let found: { begin: number; end: number } | undefined;
    for (const stop of this.stops) {
      const begin = text.indexOf(stop);
      if (begin < 0 || (found && (begin > found.begin || (begin === found.begin && begin + stop.length <= found.end)))) continue;
      found = { begin, end: begin + stop.length };
    }
    return found;
  }
}
