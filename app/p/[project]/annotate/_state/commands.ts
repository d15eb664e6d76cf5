import type { Press } from './press';

/** What a key does on any task, where the task's own parts leave it to the page. */
export type Command =
  | { readonly type: 'move'; readonly by: 1 | -1 }
  | { readonly type: 'scroll'; readonly unit: 'line' | 'page' | 'end'; readonly by: 1 | -1 }
  | { readonly type: 'undo' | 'redo' | 'submit' }
  | { readonly type: 'open'; readonly panel: 'skip' | 'guideline' | 'keys' }
  | { readonly type: 'sheet'; readonly part: 'flags' | 'rating' | 'note' }
  | { readonly type: 'toggle'; readonly what: 'differences' | 'promptFolded' | 'together' }
  | { readonly type: 'layout' | 'oneKey' };

const letters: Readonly<Record<string, Command>> = {
  z: { type: 'undo' },
  s: { type: 'open', panel: 'skip' },
  g: { type: 'open', panel: 'guideline' },
  w: { type: 'toggle', what: 'differences' },
  l: { type: 'toggle', what: 'together' },
  p: { type: 'toggle', what: 'promptFolded' },
  f: { type: 'sheet', part: 'flags' },
  r: { type: 'sheet', part: 'rating' },
  n: { type: 'sheet', part: 'note' },
  v: { type: 'layout' },
  m: { type: 'oneKey' },
};

export function toCommand(press: Press): Command | null {
  switch (press.type) {
    case 'arrow':
      if (press.to === 'before' || press.to === 'after') return { type: 'move', by: press.to === 'after' ? 1 : -1 };
      return { type: 'scroll', unit: 'line', by: press.to === 'down' ? 1 : -1 };
    case 'scroll':
      return press;
    case 'enter':
      return { type: 'submit' };
    case 'undo':
    case 'redo':
      return { type: press.type };
    case 'mark':
      return press.mark === '?' ? { type: 'open', panel: 'keys' } : null;
    case 'letter':
      if (press.shift) return press.letter === 'z' ? { type: 'redo' } : null;
      return letters[press.letter] ?? null;
    default:
      return null;
  }
}
