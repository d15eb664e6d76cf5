import type { Messages } from '../../../../_i18n/messages';

type Leaf<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Leaf<T[K]>}` }[keyof T & string];

/**
 * Something to be said, not yet in words: the key of a message, what it is filled with, and answers whose names go into it.
 * Pure code says it so; the page words it in the reader's language (`useLine`).
 */
export interface Line {
  readonly key: Leaf<Messages>;
  readonly values?: Readonly<Record<string, string | number | Line>>;
  /** Numbers of answers in display order: they become "A, B and D". */
  readonly names?: Readonly<Record<string, readonly number[]>>;
}
