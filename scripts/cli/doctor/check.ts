/** One thing that was looked at. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** bad: something does not work; warn: it works, but not as well or as safely as it could. */
  readonly state: 'ok' | 'warn' | 'bad';
  readonly message: string;
  /** What to do; there for every check that is not ok. */
  readonly remedy?: string;
  /** The figures behind the message, for machines. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export function ok(id: string, title: string, message: string, facts: Check['facts'] = {}): Check {
  return { id, title, state: 'ok', message, facts };
}

export function warn(id: string, title: string, message: string, remedy: string, facts: Check['facts'] = {}): Check {
  return { id, title, state: 'warn', message, remedy, facts };
}

export function bad(id: string, title: string, message: string, remedy: string, facts: Check['facts'] = {}): Check {
  return { id, title, state: 'bad', message, remedy, facts };
}

/** Whatever a check threw, as what is wrong with it. */
export function failed(id: string, title: string, error: unknown, remedy: string): Check {
  const told = error instanceof Error ? error.message : String(error);
  const own = error instanceof Error && 'remedy' in error && typeof error.remedy === 'string' ? error.remedy : remedy;
  return bad(id, title, told.split('\n')[0] ?? told, own, { detail: told });
}
