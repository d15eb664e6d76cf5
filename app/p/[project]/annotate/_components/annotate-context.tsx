'use client';

import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import type { PartOf, PartType } from '#lib/domain/form-parts';
import type { AnnotateStore } from '../_state/annotate-store';
import type { Cursor } from '../_state/part-model';
import type { OpenTask, ScreenState } from '../_state/screen-state';
import type { Preferences } from './use-preferences';

interface Annotate {
  readonly store: AnnotateStore;
  readonly project: { readonly id: string; readonly slug: string; readonly name: string };
  /** A reviewer's own judgement before he sees the labels: nothing is skipped, reported or counted there. */
  readonly reviewing: boolean;
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

/** One part of the open task's form: its settings, its state, what changes it. */
export interface PartInHand<T extends PartType, State, Action> {
  readonly part: PartOf<T>;
  readonly state: State;
  readonly at: Cursor;
  /** @param field the name of the text field in which it was typed */
  readonly act: (action: Action, field?: string) => void;
}

/** Null where the form has no such part. */
function usePartIfAny<State, Action, T extends PartType = PartType>(type: T): PartInHand<T, State, Action> | null {
  const { store } = useAnnotate();
  const { view, answer } = useTask();
  const act = useCallback((action: Action, field?: string) => store.act(type, action, field), [store, type]);
  const part = view.form.spec.parts.find((one): one is PartOf<T> => one.type === type);
  return part === undefined ? null : { part, state: answer.parts[type] as State, at: answer.at, act };
}

export function usePart<State, Action, T extends PartType = PartType>(type: T): PartInHand<T, State, Action> {
  const part = usePartIfAny<State, Action, T>(type);
  if (part === null) throw new Error(`the form has no part "${type}"`);
  return part;
}
