import { describe, expect, it } from 'vitest';
import { rankingModel } from '../../../../app/p/[project]/annotate/_kinds/ranking/answer';
import { toCommand as pageCommand } from '../../../../app/p/[project]/annotate/_state/commands';
import { KeyQueue } from '../../../../app/p/[project]/annotate/_state/key-queue';
import { type KeyPress, type KeySettings, toPress } from '../../../../app/p/[project]/annotate/_state/press';
import { contextFor, taskFor } from './task-for';

const on = { singleKeys: true, rightToLeft: false };

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  return { key, code: '', ctrl: false, meta: false, alt: false, shift: false, repeat: false, composing: false, target: 'page', ...more };
}

const context = contextFor(taskFor('RANKING', 4), 'ranking');
const scope = { state: rankingModel.open(context, null), at: { answer: 0, item: 0 } };

/** What a key does on a ranking: the ranking's own action on the first answer, or the page's command. */
function toCommand(key: KeyPress, settings: KeySettings): unknown {
  const pressed = toPress(key, settings);
  if (pressed === null) return null;
  const action = rankingModel.key(pressed, scope, context);
  if (action === null) return pageCommand(pressed);
  const { answer, ...rest } = action;
  expect(answer).toBe(0);
  return rest;
}

describe('keys become commands', () => {
  it.each([
    ['3', { type: 'place', place: 3 }],
    ['9', { type: 'place', place: 9 }],
    ['x', { type: 'toggleAside' }],
    ['X', { type: 'toggleAside' }],
    ['Backspace', { type: 'clear' }],
    ['z', { type: 'undo' }],
    ['s', { type: 'open', panel: 'skip' }],
    ['w', { type: 'toggle', what: 'differences' }],
    ['l', { type: 'toggle', what: 'together' }],
    ['p', { type: 'toggle', what: 'promptFolded' }],
    ['g', { type: 'open', panel: 'guideline' }],
    ['f', { type: 'sheet', part: 'flags' }],
    ['=', { type: 'tieWithLast' }],
    ['?', { type: 'open', panel: 'keys' }],
    ['Enter', { type: 'submit' }],
    ['ArrowLeft', { type: 'move', by: -1 }],
    ['ArrowRight', { type: 'move', by: 1 }],
    ['ArrowDown', { type: 'scroll', unit: 'line', by: 1 }],
    [' ', { type: 'scroll', unit: 'page', by: 1 }],
    ['End', { type: 'scroll', unit: 'end', by: 1 }],
  ])('%s', (key, command) => {
    expect(toCommand(press(key), on)).toEqual(command);
  });

  it.each(['0', 'q', 'Tab', 'Escape', 'F5', 'Shift'])('%s belongs to the browser', (key) => {
    expect(toCommand(press(key), on)).toBeNull();
  });

  it('leaves text fields alone, but for Ctrl Enter', () => {
    for (const key of ['3', 'x', 'Enter', 'ArrowLeft', ' ', '?']) expect(toCommand(press(key, { target: 'field' }), on)).toBeNull();
    expect(toCommand(press('z', { target: 'field', ctrl: true }), on)).toBeNull();
    expect(toCommand(press('Enter', { target: 'field', ctrl: true }), on)).toEqual({ type: 'submit' });
    expect(toCommand(press('Enter', { target: 'field', meta: true }), on)).toEqual({ type: 'submit' });
  });

  it('leaves Enter and Space to a focused control, not the digits', () => {
    expect(toCommand(press('Enter', { target: 'control' }), on)).toBeNull();
    expect(toCommand(press(' ', { target: 'control' }), on)).toBeNull();
    expect(toCommand(press('2', { target: 'control' }), on)).toEqual({ type: 'place', place: 2 });
  });

  it('respects modifiers: Ctrl S, Ctrl P and Alt 1 stay with the browser', () => {
    expect(toCommand(press('s', { ctrl: true }), on)).toBeNull();
    expect(toCommand(press('p', { meta: true }), on)).toBeNull();
    expect(toCommand(press('1', { alt: true }), on)).toBeNull();
    expect(toCommand(press('z', { ctrl: true }), on)).toEqual({ type: 'undo' });
    expect(toCommand(press('z', { ctrl: true, shift: true }), on)).toEqual({ type: 'redo' });
    expect(toCommand(press('Z', { shift: true }), on)).toEqual({ type: 'redo' });
    expect(toCommand(press('ArrowUp', { shift: true }), on)).toEqual({ type: 'shift', by: -1 });
  });

  it('a held key places once; held arrows go on', () => {
    expect(toCommand(press('3', { repeat: true }), on)).toBeNull();
    expect(toCommand(press('Enter', { repeat: true }), on)).toBeNull();
    expect(toCommand(press('ArrowDown', { repeat: true }), on)).toEqual({ type: 'scroll', unit: 'line', by: 1 });
  });

  it('single keys can be turned off; arrows, Enter and Ctrl Z stay', () => {
    const off = { ...on, singleKeys: false };
    for (const key of ['3', 'x', 'z', 's', '?', 'Backspace']) expect(toCommand(press(key), off)).toBeNull();
    expect(toCommand(press('Enter'), off)).toEqual({ type: 'submit' });
    expect(toCommand(press('z', { ctrl: true }), off)).toEqual({ type: 'undo' });
    expect(toCommand(press('ArrowLeft'), off)).toEqual({ type: 'move', by: -1 });
  });

  it('reads the physical key where the layout or input method gives no Latin one', () => {
    expect(toCommand(press('ч', { code: 'KeyX' }), on)).toEqual({ type: 'toggleAside' });
    expect(toCommand(press('Process', { code: 'Digit2' }), on)).toEqual({ type: 'place', place: 2 });
    expect(toCommand(press('Process', { code: 'KeyS', composing: true }), on)).toBeNull();
    // a Latin layout that moves letters keeps its own letters
    expect(toCommand(press('x', { code: 'KeyB' }), on)).toEqual({ type: 'toggleAside' });
  });

  it('turns left and right round with the reading direction', () => {
    expect(toCommand(press('ArrowLeft'), { ...on, rightToLeft: true })).toEqual({ type: 'move', by: 1 });
  });
});

describe('the key queue', () => {
  it('keeps every key, in order, while the page cannot take them', () => {
    const taken: string[] = [];
    let open = true;
    const queue = new KeyQueue<string>((key) => {
      if (!open) return 'wait';
      taken.push(key);
      if (key === 'Enter') open = false; // the next task is on its way
      return 'taken';
    });
    for (const key of ['3', '1', '4', '2', 'Enter', '2', '1', 'Enter']) queue.push(key);
    expect(taken).toEqual(['3', '1', '4', '2', 'Enter']);
    expect(queue.size).toBe(3);
    open = true;
    queue.drain();
    expect(taken).toEqual(['3', '1', '4', '2', 'Enter', '2', '1', 'Enter']);
    expect(queue.size).toBe(0);
  });

  it('does not let a command in while another is being carried out', () => {
    const taken: string[] = [];
    let depth = 0;
    const queue: KeyQueue<string> = new KeyQueue((key) => {
      depth += 1;
      expect(depth).toBe(1);
      taken.push(key);
      if (key === 'a') queue.push('c');
      depth -= 1;
      return 'taken';
    });
    queue.push('a');
    queue.push('b');
    expect(taken).toEqual(['a', 'c', 'b']);
  });

  it('a command that throws is not lost and does not lock the queue', () => {
    let broken = true;
    const taken: string[] = [];
    const queue = new KeyQueue<string>((key) => {
      if (broken) throw new Error('not now');
      taken.push(key);
      return 'taken';
    });
    expect(() => queue.push('1')).toThrow('not now');
    broken = false;
    queue.push('2');
    expect(taken).toEqual(['1', '2']);
  });

  it('can be emptied when no task is left', () => {
    const queue = new KeyQueue<string>(() => 'wait');
    queue.push('1');
    queue.clear();
    expect(queue.size).toBe(0);
  });
});
