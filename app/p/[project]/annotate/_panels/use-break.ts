'use client';

import { useEffect, useState } from 'react';
import { type BreakState, restoreBreak, startBreak, touchBreak } from './break-time';
import { useOwnSettings } from './own-settings';

const everyMs = 15_000;
const laterMs = 10 * 60_000;

/** Active time since the last pause, remembered by this browser over reloads; due after what the person or the project set. */
export function useBreak(projectId: string) {
  const minutes = useOwnSettings()?.preferences.breakMinutes ?? null;
  const key = `plumbline.break.${projectId}`;
  const [state, setState] = useState<BreakState>(() => read(key, Date.now()));
  useEffect(() => {
    let current = read(key, Date.now());
    const touch = () => {
      current = touchBreak(current, Date.now());
    };
    const keep = () => {
      const stored = read(key, Date.now());
      // What a button changed meanwhile holds: only the time goes on from here.
      current = stored.since === current.since ? { ...current, remindAt: stored.remindAt } : stored;
      write(key, current);
      setState(current);
    };
    const events = ['keydown', 'pointerdown', 'wheel', 'touchmove'] as const;
    for (const event of events) window.addEventListener(event, touch, { passive: true });
    const timer = setInterval(keep, everyMs);
    window.addEventListener('pagehide', keep);
    return () => {
      keep();
      for (const event of events) window.removeEventListener(event, touch);
      clearInterval(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [key]);
  const change = (next: BreakState) => {
    write(key, next);
    setState(next);
  };
  return {
    due: minutes !== null && state.activeMs >= Math.max(minutes * 60_000, state.remindAt),
    minutes: Math.floor(state.activeMs / 60_000),
    later: () => change({ ...state, remindAt: state.activeMs + laterMs }),
    close: () => change(startBreak(Date.now())),
  };
}

function read(key: string, now: number): BreakState {
  try {
    return restoreBreak(localStorage.getItem(key), now);
  } catch {
    return startBreak(now); // a forbidden store: the time counts on this page only
  }
}

function write(key: string, state: BreakState): void {
  try {
    localStorage.setItem(key, JSON.stringify(state));
  } catch {
    // Forbidden: what this page counts holds.
  }
}
