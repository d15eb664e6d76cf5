'use client';

import { usePathname, useRouter } from 'next/navigation';
import { useTranslations } from 'use-intl/react';
import { type ReportScope, reportPeriods } from '#lib/domain/quality/report-scope';
import styles from './quality.module.css';

interface Props {
  scope: ReportScope;
  /** Versions of the guideline, the newest first. */
  guidelines: readonly number[];
}

/** Period and guideline; each choice is an address, so that back goes back. */
export function ScopeFilter({ scope, guidelines }: Props) {
  const t = useTranslations('quality');
  const router = useRouter();
  const path = usePathname();
  const choose = (change: Partial<Record<keyof ReportScope, string>>) => {
    const wanted = Object.entries({ days: String(scope.days ?? ''), guideline: String(scope.guideline ?? ''), ...change });
    const query = new URLSearchParams(wanted.filter(([, value]) => value !== ''));
    router.push(query.size === 0 ? path : `${path}?${query}`);
  };
  return (
    <>
      <select
        className={styles.choose}
        aria-label={t('scope.days')}
        value={scope.days ?? ''}
        onChange={(event) => choose({ days: event.currentTarget.value })}
      >
        <option value="">{t('scope.always')}</option>
        {reportPeriods.map((days) => (
          <option key={days} value={days}>
            {t('scope.lastDays', { n: days })}
          </option>
        ))}
      </select>
      <select
        className={styles.choose}
        aria-label={t('scope.guideline')}
        value={scope.guideline ?? ''}
        onChange={(event) => choose({ guideline: event.currentTarget.value })}
      >
        <option value="">{t('scope.allGuidelines')}</option>
        {guidelines.map((version) => (
          <option key={version} value={version}>
            {t('scope.version', { n: version })}
          </option>
        ))}
      </select>
    </>
  );
}
