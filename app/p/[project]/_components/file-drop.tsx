'use client';

import { type DragEvent, useId, useRef, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { bytes } from '../../../_i18n/bytes';
import styles from './forms.module.css';

interface Props {
  label: string;
  hint: string;
  accept?: string;
  multiple?: boolean;
  files: readonly File[];
  onFiles: (files: File[]) => void;
}

/** Where files are dropped, or chosen through the browser's own dialog. */
export function FileDrop({ label, hint, accept, multiple, files, onFiles }: Props) {
  const t = useTranslations('start');
  const format = useFormatter();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const dropped = [...event.dataTransfer.files];
    if (dropped.length > 0) onFiles(multiple ? dropped : dropped.slice(0, 1));
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is the mouse's short way; the button inside does the same by keyboard
    <div
      className={styles.drop}
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label htmlFor={id} className="b">
        {label}
      </label>
      <button type="button" className="btn" onClick={() => input.current?.click()}>
        {multiple ? t('chooseFiles') : t('chooseFile')}
      </button>
      <input
        ref={input}
        id={id}
        className="hidden-text"
        tabIndex={-1}
        type="file"
        accept={accept}
        multiple={multiple}
        onChange={(event) => {
          const chosen = [...(event.currentTarget.files ?? [])];
          if (chosen.length > 0) onFiles(chosen);
        }}
      />
      {files.length === 0 ? (
        <span className="xs dim">{hint}</span>
      ) : (
        <ul className={`plain sm ${styles.files}`} aria-live="polite">
          {files.map((file) => (
            <li key={file.name} className="anywhere">
              <bdi className="b">{file.name}</bdi> <span className="dim nowrap">{bytes(file.size, format)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
