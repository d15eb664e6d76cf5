'use client';

import { type KeyboardEvent, type MouseEvent, type ReactNode, useId, useRef } from 'react';

interface Props {
  /** What the button shows. */
  trigger: ReactNode;
  /** The button's name where `trigger` has no words. */
  label?: string;
  className?: string;
  align?: 'start' | 'end';
  children: ReactNode;
}

/** A button and what it opens, on the browser's own popover: Escape and a click elsewhere close it, focus goes back by itself. */
export function Menu({ trigger, label, className = 'btn quiet', align = 'start', children }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  function place() {
    const box = button.current?.getBoundingClientRect();
    const menu = panel.current;
    if (!box || !menu) return;
    menu.style.top = `${box.bottom + 6}px`;
    if (align === 'end') {
      menu.style.left = 'auto';
      menu.style.right = `${Math.max(8, document.documentElement.clientWidth - box.right)}px`;
    } else {
      menu.style.left = `${Math.max(8, box.left)}px`;
    }
  }

  function move(event: KeyboardEvent) {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const items = [...(panel.current?.querySelectorAll<HTMLElement>('a[href], button:not(:disabled)') ?? [])];
    if (items.length === 0) return;
    event.preventDefault();
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = event.key === 'ArrowDown' ? 1 : -1;
    items[(at + step + items.length) % items.length]?.focus();
  }

  function closeAfterChoice(event: MouseEvent) {
    if ((event.target as HTMLElement).closest('a, button')) panel.current?.hidePopover();
  }

  return (
    <>
      <button ref={button} type="button" className={className} aria-label={label} popoverTarget={id}>
        {trigger}
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys and clicks of the items inside bubble here */}
      <div ref={panel} id={id} popover="auto" className="menu" onBeforeToggle={place} onKeyDown={move} onClick={closeAfterChoice}>
        {children}
      </div>
    </>
  );
}
