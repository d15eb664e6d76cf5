'use client';

import { useEffect, useRef } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { codePointLength } from '#lib/domain/code-points';
import styles from './writing.module.css';

interface Props {
  value: string;
  write: (text: string) => void;
  label: string;
  placeholder?: string;
  /** What it is about: another one takes the keyboard. Null where opening the keyboard would cover the screen. */
  focusFor: string | null;
  wrong?: boolean;
}

/** A text as long as its place, which scrolls. A field keeps only LF: who needs CRLF puts it back. */
export function Editor({ value, write, label, placeholder, focusFor, wrong }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focusFor !== null) field.current?.focus({ preventScroll: true });
  }, [focusFor]);
  return (
    <textarea
      ref={field}
      className={styles.editor}
      dir="auto"
      aria-label={label}
      aria-describedby="why"
      aria-invalid={wrong || undefined}
      placeholder={placeholder}
      value={value.replace(/\r\n?/g, '\n')}
      onChange={(event) => write(event.target.value)}
    />
  );
}

/** Characters written, of how many; too many is said in words. */
export function Count({ text, min = 0, max }: { text: string; min?: number; max: number }) {
  const t = useTranslations('writing.editor');
  const format = useFormatter();
  const count = codePointLength(text);
  const near = count > max * 0.8;
  const parts = { count: format.number(count), max: format.number(max) };
  return (
    <span className={styles.count}>
      {near ? t('countOf', parts) : t('count', { count: parts.count })}
      {min > 1 && count < min && <> · {t('least', { min: format.number(min) })}</>}
      {count > max && <span className={styles.over}> · {t('over', { count: format.number(count - max) })}</span>}
    </span>
  );
}

/** Puts a text where the cursor of a field stands, as if it were typed: the field's own undo takes it out again. */
export function insertAtCursor(field: HTMLTextAreaElement | null, text: string): void {
  if (field === null) return;
  field.focus();
  // The one way that keeps the field's undo; every browser that we support has it.
  document.execCommand('insertText', false, text);
}
