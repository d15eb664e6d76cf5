/** Away for so long is a break: the count begins anew. */
const breakMs = 5 * 60_000;
/** A gap up to this long between two actions is reading, not a pause. */
const readingMs = 2 * 60_000;

/** Times in milliseconds; `since` and `last` since 1970. */
export interface BreakState {
  readonly since: number;
  readonly last: number;
  readonly activeMs: number;
  /** Not before so much active time is reminded again. */
  readonly remindAt: number;
}

export function startBreak(now: number): BreakState {
  return { since: now, last: now, activeMs: 0, remindAt: 0 };
}

/** The person did something. */
export function touchBreak(state: BreakState, now: number): BreakState {
  const gap = now - state.last;
  if (gap >= breakMs) return startBreak(now);
  return { ...state, last: now, activeMs: state.activeMs + (gap > 0 && gap <= readingMs ? gap : 0) };
}

/** What was kept, unless it is of another form, of the future, or before a break. */
export function restoreBreak(kept: string | null, now: number): BreakState {
  const value: unknown = kept === null ? null : parse(kept);
  if (typeof value !== 'object' || value === null) return startBreak(now);
  const { since, last, activeMs, remindAt } = value as Record<string, unknown>;
  if (typeof since !== 'number' || typeof last !== 'number' || typeof activeMs !== 'number' || typeof remindAt !== 'number') {
    return startBreak(now);
  }
  return last > now || now - last >= breakMs ? startBreak(now) : { since, last, activeMs, remindAt };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
