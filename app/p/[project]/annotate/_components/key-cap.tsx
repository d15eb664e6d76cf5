import type { ReactNode } from 'react';

/** The key beside a button's words: for the eye; screen readers hear `aria-keyshortcuts`. */
export function KeyCap({ children }: { children: ReactNode }) {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus
  return <kbd aria-hidden="true">{children}</kbd>;
}
