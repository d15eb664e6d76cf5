'use client';

import { useEffect } from 'react';
import type { AnnotateStore } from '../_state/annotate-store';
import { type Command, type KeyPress, toCommand } from '../_state/commands';

/** Hears every key of the page: scrolling at once, everything else through the queue. */
export function useKeys(store: AnnotateStore, singleKeys: boolean): void {
  useEffect(() => {
    function hear(event: KeyboardEvent) {
      store.touch();
      if (event.defaultPrevented) return;
      const target = targetOf(event.target);
      if (target === 'dialog') return;
      const command = toCommand(pressOf(event, target), { singleKeys, rightToLeft: document.dir === 'rtl' });
      if (command === null) return;
      event.preventDefault();
      if (command.type === 'scroll') scroll(store, command);
      else store.keys.push(command);
    }
    function active() {
      store.touch();
    }
    window.addEventListener('keydown', hear);
    window.addEventListener('pointerdown', active);
    window.addEventListener('wheel', active, { passive: true });
    window.addEventListener('touchmove', active, { passive: true });
    return () => {
      window.removeEventListener('keydown', hear);
      window.removeEventListener('pointerdown', active);
      window.removeEventListener('wheel', active);
      window.removeEventListener('touchmove', active);
    };
  }, [store, singleKeys]);
}

function pressOf(event: KeyboardEvent, target: KeyPress['target']): KeyPress {
  const { key, code, repeat } = event;
  return {
    key,
    code,
    repeat,
    ctrl: event.ctrlKey,
    meta: event.metaKey,
    alt: event.altKey,
    shift: event.shiftKey,
    composing: event.isComposing,
    target,
  };
}

function targetOf(target: EventTarget | null): KeyPress['target'] | 'dialog' {
  if (!(target instanceof Element)) return 'page';
  if (target.closest('dialog, [popover]')) return 'dialog';
  if (target.closest('input, textarea, select, [contenteditable]')) return 'field';
  return target.closest('button, a, summary, [role="link"], [role="tab"]') ? 'control' : 'page';
}

/** The id of the element that scrolls one answer. */
export function answerTextId(answer: number): string {
  return `answer-text-${answer}`;
}

function scroll(store: AnnotateStore, { unit, by }: Extract<Command, { type: 'scroll' }>): void {
  const focus = store.getState().current?.ranking.focus;
  const box = focus === undefined ? null : document.getElementById(answerTextId(focus));
  if (box === null) return;
  if (unit === 'end') box.scrollTo({ top: by > 0 ? box.scrollHeight : 0 });
  else box.scrollBy({ top: by * (unit === 'page' ? box.clientHeight * 0.85 : 72) });
}
