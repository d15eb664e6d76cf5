'use client';

import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import type { PreferencesView } from '#lib/services/own-work/preferences';

interface OwnSettings {
  readonly preferences: PreferencesView;
  readonly change: (preferences: PreferencesView) => void;
}

const Context = createContext<OwnSettings | null>(null);

/** What this person set for himself; it comes with the page, so that nothing is seen before it holds. */
export function OwnSettingsProvider({ initial, children }: { initial: PreferencesView; children: ReactNode }) {
  const [preferences, change] = useState(initial);
  const value = useMemo(() => ({ preferences, change }), [preferences]);
  return <Context value={value}>{children}</Context>;
}

/** Null where nobody works for himself: a reviewer sees what was judged. */
export function useOwnSettings(): OwnSettings | null {
  return useContext(Context);
}
