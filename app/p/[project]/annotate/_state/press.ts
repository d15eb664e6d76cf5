/** A key as the annotation screen understands it, whatever the layout; what it does depends on the task it meets. */
export type Press =
  | { readonly type: 'digit'; readonly digit: number }
  | { readonly type: 'letter'; readonly letter: string; readonly shift: boolean }
  | { readonly type: 'mark'; readonly mark: '?' | '=' }
  | { readonly type: 'arrow'; readonly to: 'before' | 'after' | 'up' | 'down'; readonly shift: boolean }
  | { readonly type: 'scroll'; readonly unit: 'page' | 'end'; readonly by: 1 | -1 }
  | { readonly type: 'enter' | 'erase' | 'undo' | 'redo' };

export interface KeyPress {
  readonly key: string;
  /** Physical key, for layouts and input methods whose `key` is no Latin letter. */
  readonly code: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  readonly repeat: boolean;
  readonly composing: boolean;
  /** Where the key went: a text field keeps its keys, a control keeps Enter and Space. */
  readonly target: 'page' | 'field' | 'control';
}

export interface KeySettings {
  /** Single-character keys can be turned off (WCAG 2.1.4). */
  readonly singleKeys: boolean;
  readonly rightToLeft: boolean;
}

/** The press, or null where the key belongs to the browser, a field or a control. */
export function toPress(key: KeyPress, settings: KeySettings): Press | null {
  if (key.composing || key.alt) return null;
  if (key.ctrl || key.meta) return withModifier(key);
  if (key.target === 'field') return null;
  const moving = navigation(key, settings);
  if (moving !== null) return moving;
  if (key.repeat) return null;
  if (key.key === 'Enter') return key.target === 'control' ? null : { type: 'enter' };
  if (!settings.singleKeys) return null;
  if (key.key === 'Backspace' || key.key === 'Delete') return { type: 'erase' };
  const typed = character(key);
  if (/^[0-9]$/.test(typed)) return { type: 'digit', digit: Number(typed) };
  if (/^[a-z]$/.test(typed)) return { type: 'letter', letter: typed, shift: key.shift };
  return typed === '?' || typed === '=' ? { type: 'mark', mark: typed } : null;
}

function withModifier(key: KeyPress): Press | null {
  if (key.repeat) return null;
  if (key.key === 'Enter') return key.shift ? null : { type: 'enter' };
  if (key.target === 'field') return null;
  if (character(key) === 'z') return { type: key.shift ? 'redo' : 'undo' };
  return character(key) === 'y' && !key.shift ? { type: 'redo' } : null;
}

function navigation(key: KeyPress, { rightToLeft }: KeySettings): Press | null {
  const { shift } = key;
  switch (key.key) {
    case 'ArrowLeft':
      return { type: 'arrow', to: rightToLeft ? 'after' : 'before', shift };
    case 'ArrowRight':
      return { type: 'arrow', to: rightToLeft ? 'before' : 'after', shift };
    case 'ArrowUp':
      return { type: 'arrow', to: 'up', shift };
    case 'ArrowDown':
      return { type: 'arrow', to: 'down', shift };
    case 'PageUp':
      return { type: 'scroll', unit: 'page', by: -1 };
    case 'PageDown':
      return { type: 'scroll', unit: 'page', by: 1 };
    case 'Home':
      return { type: 'scroll', unit: 'end', by: -1 };
    case 'End':
      return { type: 'scroll', unit: 'end', by: 1 };
    case ' ':
      return key.target === 'control' ? null : { type: 'scroll', unit: 'page', by: shift ? -1 : 1 };
    default:
      return null;
  }
}

/** The Latin character meant: `key` where it is one, else the physical key (Cyrillic, Greek, an input method that is switched on). */
function character(key: KeyPress): string {
  if (/^[\x21-\x7e]$/.test(key.key)) return key.key.toLowerCase();
  const physical = /^(?:Key([A-Z])|(?:Digit|Numpad)([0-9]))$/.exec(key.code);
  return (physical?.[1] ?? physical?.[2] ?? '').toLowerCase();
}
