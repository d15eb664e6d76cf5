'use client';

import { useCallback, useSyncExternalStore } from 'react';

const key = 'plumbline.annotate';
export const textSizes = [1, 1.125, 1.25, 1.5, 0.875] as const;

interface Stored {
  readonly textSize: number;
  readonly singleKeys: boolean;
  /** Answers side by side, or one below the other. */
  readonly layout: 'columns' | 'stacked';
  /** A choice that answers the whole task also sends it. */
  readonly oneKey: boolean;
}

export interface Preferences extends Stored {
  change(change: Partial<Stored>): void;
}

const standard: Stored = { textSize: 1, singleKeys: true, layout: 'columns', oneKey: true };
const listeners = new Set<() => void>();
let cached: { text: string | null; value: Stored } = { text: null, value: standard };

/** How one person likes this screen, kept in the browser. */
export function usePreferences(): Preferences {
  const stored = useSyncExternalStore(subscribe, read, () => standard);
  const change = useCallback((part: Partial<Stored>) => {
    try {
      localStorage.setItem(key, JSON.stringify({ ...read(), ...part }));
    } catch {
      cached = { text: null, value: { ...read(), ...part } }; // a forbidden store: for this page only
    }
    for (const listener of listeners) listener();
  }, []);
  return { ...stored, change };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Stored {
  try {
    const text = localStorage.getItem(key);
    if (text !== null && text !== cached.text) cached = { text, value: parse(text) };
  } catch {
    // Forbidden, or not what this page wrote: what this page remembers holds.
  }
  return cached.value;
}

function parse(text: string): Stored {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) return standard;
  const { textSize, singleKeys, layout, oneKey } = value as Record<string, unknown>;
  return {
    textSize: textSizes.find((size) => size === textSize) ?? standard.textSize,
    singleKeys: typeof singleKeys === 'boolean' ? singleKeys : standard.singleKeys,
    layout: layout === 'stacked' ? 'stacked' : 'columns',
    oneKey: typeof oneKey === 'boolean' ? oneKey : standard.oneKey,
  };
}
