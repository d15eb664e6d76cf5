type Words = (key: 'hours' | 'minutes' | 'seconds', values: Record<string, number>) => string;

/** A span of time in the two units that matter: "1 h 5 min", "12 min", "40 s". */
export function spanWords(milliseconds: number, t: Words): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 100) return t('seconds', { s: seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return t('minutes', { m: minutes });
  return t('hours', { h: Math.floor(minutes / 60), m: minutes % 60 });
}
