import type { ComponentPropsWithRef } from 'react';

/** A named part that scrolls; the keyboard has to reach it. */
export function ScrollGroup(props: ComponentPropsWithRef<'div'> & { 'aria-label': string }) {
  // biome-ignore lint/a11y/useSemanticElements: a fieldset would be announced as a form
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
  return <div role="group" tabIndex={0} {...props} />;
}
