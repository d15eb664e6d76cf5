/** What a key asks for. Pure: the page turns DOM events into `KeyPress` and carries commands out. */
export type Command =
  | { readonly type: 'place'; readonly place: number }
  | { readonly type: 'toggleAside' }
  | { readonly type: 'clear' }
  | { readonly type: 'move'; readonly by: 1 | -1 }
  | { readonly type: 'scroll'; readonly unit: 'line' | 'page' | 'end'; readonly by: 1 | -1 }
  | { readonly type: 'undo' }
  | { readonly type: 'submit' }
  | { readonly type: 'skip' }
  | { readonly type: 'differences' }
  | { readonly type: 'foldPrompt' }
  | { readonly type: 'guideline' }
  | { readonly type: 'keys' };

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

const letters: Readonly<Record<string, Command>> = {
  x: { type: 'toggleAside' },
  z: { type: 'undo' },
  s: { type: 'skip' },
  w: { type: 'differences' },
  p: { type: 'foldPrompt' },
  g: { type: 'guideline' },
};

/** The command for a key press, or null where the key belongs to the browser, a field or a control. */
export function toCommand(press: KeyPress, settings: KeySettings): Command | null {
  if (press.composing || press.alt) return null;
  if (press.ctrl || press.meta) return withModifier(press);
  if (press.target === 'field') return null;

  const moving = navigation(press, settings);
  if (moving !== null) return moving;
  if (press.repeat) return null;
  if (press.key === 'Enter') return press.target === 'control' ? null : { type: 'submit' };
  if (!settings.singleKeys) return null;
  if (press.key === 'Backspace' || press.key === 'Delete') return { type: 'clear' };
  const typed = character(press);
  if (/^[1-9]$/.test(typed)) return { type: 'place', place: Number(typed) };
  if (typed === '?') return { type: 'keys' };
  return press.shift ? null : (letters[typed] ?? null);
}

function withModifier(press: KeyPress): Command | null {
  if (press.repeat || press.shift) return null;
  if (press.key === 'Enter') return { type: 'submit' };
  if (press.target !== 'field' && character(press) === 'z') return { type: 'undo' };
  return null;
}

function navigation(press: KeyPress, settings: KeySettings): Command | null {
  switch (press.key) {
    case 'ArrowLeft':
      return { type: 'move', by: settings.rightToLeft ? 1 : -1 };
    case 'ArrowRight':
      return { type: 'move', by: settings.rightToLeft ? -1 : 1 };
    case 'ArrowUp':
      return { type: 'scroll', unit: 'line', by: -1 };
    case 'ArrowDown':
      return { type: 'scroll', unit: 'line', by: 1 };
    case 'PageUp':
      return { type: 'scroll', unit: 'page', by: -1 };
    case 'PageDown':
      return { type: 'scroll', unit: 'page', by: 1 };
    case 'Home':
      return { type: 'scroll', unit: 'end', by: -1 };
    case 'End':
      return { type: 'scroll', unit: 'end', by: 1 };
    case ' ':
      return press.target === 'control' ? null : { type: 'scroll', unit: 'page', by: press.shift ? -1 : 1 };
    default:
      return null;
  }
}

/** The Latin character meant: `key` where it is one, else the physical key (Cyrillic, Greek, an input method that is switched on). */
function character(press: KeyPress): string {
  if (/^[\x21-\x7e]$/.test(press.key)) return press.key.toLowerCase();
  const physical = /^(?:Key([A-Z])|(?:Digit|Numpad)([0-9]))$/.exec(press.code);
  return (physical?.[1] ?? physical?.[2] ?? '').toLowerCase();
}
