'use client';

import { useTranslations } from 'use-intl/react';
import { readError } from '../../_trpc/read-error';
import { Icon } from './icon';

/** What stopped and what to do. Announced when it appears; draws nothing while there is no error. */
export function ErrorNote({ error }: { error: unknown }) {
  const t = useTranslations('common');
  if (!error) return null;
  const shown = readError(error);
  return (
    <div className="note bad row" role="alert">
      <Icon name="warn" />
      <div className="grow">
        <div className="b">{t(`error.${shown.code}`)}</div>
        {shown.message && <div className="sm anywhere">{shown.message}</div>}
        {shown.remedy && <div className="sm ink2 anywhere">{shown.remedy}</div>}
      </div>
    </div>
  );
}
