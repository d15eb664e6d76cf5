'use client';

import Link from 'next/link';
import { type ReactNode, useEffect, useRef } from 'react';

interface Props {
  href: string;
  /** KeyboardEvent.key that follows the link, outside of text fields and while nothing else has the focus. */
  hotkey: string;
  /** How the key is written on the button. */
  keyLabel: string;
  className?: string;
  children: ReactNode;
}

/** The next thing to do, with its key. */
export function KeyLink({ href, hotkey, keyLabel, className = 'btn primary lg', children }: Props) {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    function follow(event: KeyboardEvent) {
      if (event.key !== hotkey || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const at = document.activeElement;
      if (at && at !== document.body && at.id !== 'main') return;
      event.preventDefault();
      link.current?.click();
    }
    document.addEventListener('keydown', follow);
    return () => document.removeEventListener('keydown', follow);
  }, [hotkey]);
  return (
    <Link ref={link} className={className} href={href} aria-keyshortcuts={hotkey}>
      {children} <kbd>{keyLabel}</kbd>
    </Link>
  );
}
