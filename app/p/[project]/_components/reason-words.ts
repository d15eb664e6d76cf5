import type { StatedReason } from '#lib/domain/quality/stated-reason';

type Key = 'checks' | 'dwell' | 'dwellAhead' | 'test' | 'flags' | 'rankings' | 'written';
/** Of the namespace "quality", on the server or in the browser. */
type Translate = (key: `rule.${Key}`, values: Record<string, number>) => string;

/** Why a person was warned, paused or failed: somebody's own words as they stand, a rule in the reader's language. */
export function reasonWords(t: Translate, reason: StatedReason): string {
  switch (reason.rule) {
    case 'words':
      return reason.text;
    case 'checks':
      return t('rule.checks', { passed: reason.passed, checked: reason.checked });
    case 'dwell': {
      const { count: n, withinHours: hours, pauseAt } = reason;
      const counted = t('rule.dwell', { n, hours });
      return pauseAt === null || n >= pauseAt ? counted : `${counted} ${t('rule.dwellAhead', { n: pauseAt })}`;
    }
    case 'test':
      return [
        t('rule.test', {}),
        ...reason.missed.map(({ part, ...score }) => t(part === 'demonstrations' ? 'rule.written' : `rule.${part}`, score)),
      ].join(' ');
  }
}
