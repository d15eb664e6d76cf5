import type { LetterBox } from './outbox';
import type { TaskLetter } from './screen-state';

/** Text by key that outlives the page; a browser's localStorage is one. */
export type TextStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const DRAFT_DAYS = 14;

/** What this browser keeps: drafts, and letters not yet acknowledged. A full or forbidden store costs the copy, never the work. */
export class BrowserStore implements LetterBox<TaskLetter> {
  readonly #store: TextStore | null;
  readonly #letters: string;
  readonly #drafts: string;
  /** The name by which the pages of this person and project know each other. */
  readonly channel: string;

  constructor(store: TextStore | null, userId: string, projectId: string) {
    this.#store = store;
    this.#letters = `plumbline.letter.${userId}.${projectId}.`;
    this.#drafts = `plumbline.draft.${userId}.`;
    this.channel = `plumbline.annotate.${userId}.${projectId}`;
  }

  load(): TaskLetter[] {
    const letters = this.#entries(this.#letters).filter((value): value is TaskLetter & { sentAt: number } => isLetter(value));
    return letters.sort((a, b) => a.sentAt - b.sentAt).map(({ sentAt: _, ...letter }) => letter as TaskLetter);
  }

  keep(letter: TaskLetter): void {
    const before = this.#read(this.#letters + letter.key);
    const sentAt = typeof before === 'object' && before !== null && 'sentAt' in before ? before.sentAt : Date.now();
    this.#write(this.#letters + letter.key, { ...letter, sentAt });
  }

  forget(key: string): void {
    this.#remove(this.#letters + key);
  }

  loadDraft(assignmentId: string): unknown {
    return this.#read(this.#drafts + assignmentId);
  }

  keepDraft(assignmentId: string, draft: unknown): void {
    this.#write(this.#drafts + assignmentId, draft);
  }

  forgetDraft(assignmentId: string): void {
    this.#remove(this.#drafts + assignmentId);
  }

  /** Drafts of tasks that nobody came back to. */
  forgetOldDrafts(now: number): void {
    for (const key of this.#keys(this.#drafts)) {
      const draft = this.#read(key);
      const at = typeof draft === 'object' && draft !== null && 'at' in draft && typeof draft.at === 'number' ? draft.at : 0;
      if (now - at > DRAFT_DAYS * 86_400_000) this.#remove(key);
    }
  }

  #keys(prefix: string): string[] {
    const keys: string[] = [];
    for (let index = 0; index < (this.#store?.length ?? 0); index += 1) {
      const key = this.#store?.key(index);
      if (key?.startsWith(prefix)) keys.push(key);
    }
    return keys;
  }

  #entries(prefix: string): unknown[] {
    return this.#keys(prefix).map((key) => this.#read(key));
  }

  #read(key: string): unknown {
    try {
      return JSON.parse(this.#store?.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  #write(key: string, value: unknown): void {
    try {
      this.#store?.setItem(key, JSON.stringify(value));
    } catch {
      // Full or forbidden: the server's copy, and this page's memory, still hold it.
    }
  }

  #remove(key: string): void {
    try {
      this.#store?.removeItem(key);
    } catch {
      // As above.
    }
  }
}

function isLetter(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const letter = value as Record<string, unknown>;
  return (
    typeof letter.key === 'string' && typeof letter.assignmentId === 'string' && ['submit', 'correct', 'skip'].includes(String(letter.kind))
  );
}
