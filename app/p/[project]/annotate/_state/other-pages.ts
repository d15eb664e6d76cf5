import type { Draft } from './answer';

/** What one page of a person tells the others. */
export type PageNews =
  | { readonly type: 'left'; readonly assignmentId: string }
  | { readonly type: 'draft'; readonly assignmentId: string; readonly draft: Draft };

/** The other pages of the same person and project in this browser. Where the browser has no channel, pages go their own ways. */
export class OtherPages {
  readonly #name: string;
  readonly #hear: (news: PageNews) => void;
  #channel: BroadcastChannel | null = null;

  constructor(name: string, hear: (news: PageNews) => void) {
    this.#name = name;
    this.#hear = hear;
  }

  open(): void {
    if (typeof BroadcastChannel === 'undefined' || this.#channel !== null) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (event: MessageEvent<PageNews>) => this.#hear(event.data);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  tell(news: PageNews): void {
    this.#channel?.postMessage(news);
  }
}
