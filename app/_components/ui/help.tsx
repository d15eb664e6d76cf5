'use client';

import { type ReactNode, useId, useRef } from 'react';
import styles from './help.module.css';

/** A term with a dotted line; hover, focus or a tap explains it. */
export function Help({ text, children }: { text: string; children: ReactNode }) {
  const id = useId();
  const anchor = useRef<HTMLButtonElement>(null);
  const tip = useRef<HTMLSpanElement>(null);
  function show() {
    const box = anchor.current?.getBoundingClientRect();
    const bubble = tip.current;
    if (!box || !bubble || bubble.matches(':popover-open')) return;
    bubble.showPopover();
    const width = bubble.offsetWidth;
    bubble.style.left = `${Math.max(8, Math.min(box.left, document.documentElement.clientWidth - width - 8))}px`;
    bubble.style.top =
      box.bottom + bubble.offsetHeight + 12 > window.innerHeight ? `${box.top - bubble.offsetHeight - 6}px` : `${box.bottom + 6}px`;
  }
  function hide() {
    if (tip.current?.matches(':popover-open')) tip.current.hidePopover();
  }
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={styles.term}
        aria-describedby={id}
        onMouseEnter={show}
        onMouseLeave={hide}
        onFocus={show}
        onBlur={hide}
        onClick={show}
        onKeyDown={(event) => event.key === 'Escape' && hide()}
      >
        <span className="help">{children}</span>
      </button>
      <span ref={tip} id={id} role="tooltip" popover="manual" className={styles.tip}>
        {text}
      </span>
    </>
  );
}
