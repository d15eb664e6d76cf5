'use client';

import { type ReactNode, useRef, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { move } from '../_state/editor';
import styles from '../form.module.css';

interface Props<T> {
  items: readonly T[];
  /** How a row is called, for its buttons. */
  nameOf: (item: T) => string;
  keyOf: (item: T, index: number) => string;
  /** The first so many stay where they are and cannot be taken out. */
  fixed?: number;
  least?: number;
  onItems: (items: readonly T[]) => void;
  children: (item: T, index: number) => ReactNode;
}

/** A list that is put in order by buttons, by Alt with an arrow key, or by dragging its handle. */
export function Ordered<T>({ items, nameOf, keyOf, fixed = 0, least = 0, onItems, children }: Props<T>) {
  const t = useTranslations('form');
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [said, setSaid] = useState('');

  function shift(from: number, to: number) {
    if (to < fixed || to >= items.length || from < fixed || from === to) return;
    onItems(move(items, from, to));
    const item = items[from];
    if (item !== undefined) setSaid(t('list.moved', { name: nameOf(item), place: to + 1 }));
    requestAnimationFrame(() => list.current?.children[to]?.querySelector<HTMLElement>('[data-handle]')?.focus());
  }

  return (
    <>
      <ol className={styles.list} ref={list}>
        {items.map((item, index) => (
          <li
            key={keyOf(item, index)}
            className={styles.item}
            data-dragged={dragged === index || undefined}
            onDragOver={(event) => {
              if (dragged !== null && index >= fixed) event.preventDefault();
            }}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged !== null) shift(dragged, index);
              setDragged(null);
            }}
          >
            <div className={styles.itemBody}>{children(item, index)}</div>
            {index >= fixed && (
              <div className={styles.itemTools}>
                <button
                  type="button"
                  className="btn"
                  data-handle
                  draggable
                  aria-label={t('list.handle', { name: nameOf(item) })}
                  title={t('list.handleHint')}
                  onDragStart={(event) => {
                    event.dataTransfer.effectAllowed = 'move';
                    event.dataTransfer.setData('text/plain', nameOf(item));
                    setDragged(index);
                  }}
                  onDragEnd={() => setDragged(null)}
                  onKeyDown={(event) => {
                    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
                    if (step === 0) return;
                    event.preventDefault();
                    shift(index, index + step);
                  }}
                >
                  <span aria-hidden="true">⠿</span>
                </button>
                <button
                  type="button"
                  className="btn"
                  disabled={index <= fixed}
                  aria-label={t('list.up', { name: nameOf(item) })}
                  onClick={() => shift(index, index - 1)}
                >
                  <span aria-hidden="true">↑</span>
                </button>
                <button
                  type="button"
                  className="btn"
                  disabled={index === items.length - 1}
                  aria-label={t('list.down', { name: nameOf(item) })}
                  onClick={() => shift(index, index + 1)}
                >
                  <span aria-hidden="true">↓</span>
                </button>
                <button
                  type="button"
                  className="btn"
                  disabled={items.length <= least}
                  aria-label={t('list.remove', { name: nameOf(item) })}
                  onClick={() => onItems(items.filter((_, other) => other !== index))}
                >
                  <span aria-hidden="true">×</span>
                </button>
              </div>
            )}
          </li>
        ))}
      </ol>
      <span className="hidden-text" aria-live="polite">
        {said}
      </span>
    </>
  );
}
