'use client';

import { useEffect } from 'react';
import type { AnnotateStore } from '../_state/annotate-store';
import { takePress } from '../_state/command-queue';
import { toCommand } from '../_state/commands';
import { type KeyPress, toPress } from '../_state/press';

/** Hears every key of the page: scrolling at once, everything else through the queue. */
export function useKeys(store: AnnotateStore, singleKeys: boolean): void {
  useEffect(() => {
    function hear(event: KeyboardEvent) {
      store.touch();
      if (event.defaultPrevented) return;
      const target = targetOf(event.target);
      if (target === 'dialog') return;
      if (event.key === 'Escape' && store.getState().sheet !== null) store.openSheet(null);
      const press = toPress(pressOf(event, target), { singleKeys, rightToLeft: document.dir === 'rtl' });
      if (press === null) return;
      event.preventDefault();
      if (!takePress(store, press)) scroll(store, press);
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
  if (target.closest('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]')) return 'field';
  return target.closest('button, a, input, summary, [role="link"], [role="tab"]') ? 'control' : 'page';
}

/** The id of the element that scrolls one answer. */
export function answerTextId(answer: number): string {
  return `answer-text-${answer}`;
}

function scroll(store: AnnotateStore, press: Parameters<typeof toCommand>[0]): void {
  const command = toCommand(press);
  const answer = store.getState().current?.answer.at.answer;
  const text = answer === undefined ? null : document.getElementById(answerTextId(answer));
  if (command?.type !== 'scroll' || text === null) return;
  // Stacked answers do not scroll themselves: what they stand in does.
  const box = text.scrollHeight > text.clientHeight + 1 ? text : (text.closest('section') ?? text);
  if (command.unit === 'end') box.scrollTo({ top: command.by > 0 ? box.scrollHeight : 0 });
  else box.scrollBy({ top: command.by * (command.unit === 'page' ? box.clientHeight * 0.85 : 72) });
}
