'use client';

import { createContext, useContext, useSyncExternalStore } from 'react';
import type { AnnotateStore } from '../_state/annotate-store';
import type { OpenTask, ScreenState } from '../_state/screen-state';
import type { Preferences } from './use-preferences';

interface Annotate {
  readonly store: AnnotateStore;
  readonly project: { readonly id: string; readonly slug: string; readonly name: string };
  readonly preferences: Preferences;
}

const AnnotateContext = createContext<Annotate | null>(null);
export const AnnotateProvider = AnnotateContext.Provider;

export function useAnnotate(): Annotate {
  const context = useContext(AnnotateContext);
  if (context === null) throw new Error('useAnnotate is for parts of the annotation screen');
  return context;
}

/** A part of the screen's state; the component is drawn again when that part is another value. */
export function useScreen<T>(select: (state: ScreenState) => T): T {
  const { store } = useAnnotate();
  const read = () => select(store.getState());
  return useSyncExternalStore(store.subscribe, read, read);
}

/** The task on the screen; only for parts that are drawn when there is one. */
export function useTask(): OpenTask {
  const task = useScreen((state) => state.current);
  if (task === null) throw new Error('useTask is for when a task is open');
  return task;
}
