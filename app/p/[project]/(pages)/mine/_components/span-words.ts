/** Active time in minutes, from an hour on in hours and minutes. */
export function spanWords(t: (key: 'sums.minutes' | 'sums.hours', values: { h: number; m: number }) => string, ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return t(h === 0 ? 'sums.minutes' : 'sums.hours', { h, m });
}

/** Of one task: minutes and seconds as a clock writes them. */
export function clockWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
