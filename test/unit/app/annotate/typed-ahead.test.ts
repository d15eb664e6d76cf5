import { describe, expect, it, vi } from 'vitest';
import type { TaskKind } from '#lib/domain/forms';
import { type Commanded, createCommandQueue } from '../../../../app/p/[project]/annotate/_state/command-queue';
import { opened } from '../../../../app/p/[project]/annotate/_state/open-task';
import { initialScreen, type ScreenState, shownTask } from '../../../../app/p/[project]/annotate/_state/screen-state';
import { taskFor } from './task-for';

/** The page before a task of this kind came; what its keys open. */
function page(kind: TaskKind) {
  let state: ScreenState = initialScreen();
  const nothing = () => undefined;
  const open = vi.fn();
  const screen: Commanded = {
    getState: () => state,
    act: nothing,
    focus: nothing,
    submit: vi.fn(),
    goOn: nothing,
    answerHint: nothing,
    undo: nothing,
    redo: nothing,
    open,
    openSheet: nothing,
    toggle: nothing,
    toggleSetting: nothing,
  };
  const keys = createCommandQueue(screen);
  const set = (part: Partial<ScreenState>) => {
    state = { ...state, ...part };
    keys.drain();
  };
  return { keys, open, set, come: () => set(shownTask(opened(taskFor(kind, 0), null, 0), 0)) };
}

const skip = { type: 'letter', letter: 's', shift: false } as const;

describe('what is typed before a task is there', () => {
  it.each(['DEMONSTRATION', 'CHAT'] as const)('opens nothing over a %s, where it was meant for the text', (kind) => {
    const { keys, open, set, come } = page(kind);
    keys.push(skip);
    come();
    keys.push(skip);
    expect(open).not.toHaveBeenCalled();
    expect(keys.size).toBe(0);
    set({ fieldFor: 'assignment' });
    keys.push(skip);
    expect(open.mock.calls).toEqual([['skip']]);
  });

  it('waits for a task that is judged by keys', () => {
    const { keys, open, come } = page('FLAGS');
    keys.push(skip);
    expect(open).not.toHaveBeenCalled();
    come();
    expect(open.mock.calls).toEqual([['skip']]);
  });
});
