'use client';

import { useEffect, useId, useRef } from 'react';
import { usePart } from '../../_components/annotate-context';
import { SheetFrame } from '../../_components/sheet-frame';
import styles from '../../annotate.module.css';
import type { NoteAction, NoteState } from './answer';

/** A few words about the whole task. */
export default function NoteSheet() {
  const { part, state, act } = usePart<NoteState, NoteAction, 'note'>('note');
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => field.current?.focus(), []);
  return (
    <SheetFrame title={part.label} labelFor={id}>
      <textarea
        ref={field}
        id={id}
        className={styles.noteField}
        dir="auto"
        rows={5}
        maxLength={20_000}
        value={state}
        onChange={(event) => act({ type: 'write', text: event.target.value }, 'note')}
      />
    </SheetFrame>
  );
}
