import type { MouseEvent } from 'react';

/** A mouse press leaves the keyboard where it was, so that Enter after a click submits instead of pressing again. */
export function keepFocus(event: MouseEvent) {
  event.preventDefault();
}
