'use client';

import { type ReactNode, useEffect, useId, useRef } from 'react';

interface Props {
  title: string;
  onClose: () => void;
  wide?: boolean;
  children: ReactNode;
}

/** The browser's modal dialog: keeps focus inside, Escape closes it, focus returns to where it was. Rendered only while open. */
export function Dialog({ title, onClose, wide, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  // Closed and shown again at once (React's development double mount), the late "close" event is no closing.
  const closed = () => !ref.current?.open && onClose();
  return (
    <dialog ref={ref} className={wide ? 'wide' : undefined} aria-labelledby={id} onCancel={onClose} onClose={closed}>
      <h1 id={id}>{title}</h1>
      {children}
    </dialog>
  );
}
