'use client';

import { usePathname, useRouter } from 'next/navigation';
import { useTranslations } from 'use-intl/react';
import { taskKinds } from '#lib/domain/forms';
import { Field } from '../../../../../_components/ui/field';
import styles from './history.module.css';

const filters = ['flagged', 'changed', 'surplus'] as const;

/** Kind and state; each choice is an address, so that back goes back. */
export function HistoryFilter({ kind, only }: { kind: string; only: string }) {
  const t = useTranslations('mine');
  const router = useRouter();
  const path = usePathname();
  const choose = (change: { kind?: string; only?: string }) => {
    const wanted = Object.entries({ kind, only, ...change }).filter(([, value]) => value !== '');
    router.push(`${path}?${new URLSearchParams(wanted)}`);
  };
  return (
    <div className={styles.filter}>
      <Field label={t('history.kind')}>
        {(ids) => (
          <select {...ids} value={kind} onChange={(event) => choose({ kind: event.currentTarget.value })}>
            <option value="">{t('history.all')}</option>
            {taskKinds.map((one) => (
              <option key={one} value={one}>
                {t(`kindName.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('history.only')}>
        {(ids) => (
          <select {...ids} value={only} onChange={(event) => choose({ only: event.currentTarget.value })}>
            <option value="">{t('history.any')}</option>
            {filters.map((one) => (
              <option key={one} value={one}>
                {t(`history.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}
