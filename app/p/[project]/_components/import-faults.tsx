import { useTranslations } from 'use-intl/react';
import type { FaultGroup } from '#lib/services/data/import-faults';
import styles from './forms.module.css';

/** What was not taken of a file: each cause with how often and the first lines of it. */
export function ImportFaults({ groups }: { groups: readonly FaultGroup[] }) {
  const t = useTranslations('data');
  return groups.map((group) => (
    <div key={group.cause} className="stack">
      <div>
        <b className="anywhere">{group.cause}</b> <span className="dim">{t('result.lines', { n: group.count })}</span>
      </div>
      {group.examples.map((example) => (
        <div key={example.line} className="sm">
          {t('result.line', { n: example.line })} <span className="anywhere">{example.message}</span>
          <code className={`mono ${styles.excerpt}`} dir="auto">
            {example.excerpt}
          </code>
        </div>
      ))}
    </div>
  ));
}
