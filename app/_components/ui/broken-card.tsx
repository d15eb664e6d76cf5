'use client';

import { useTranslations } from 'use-intl/react';

export interface BrokenProps {
  error: Error & { digest?: string };
  reset: () => void;
}

/** A page that threw. The message of the error stays on the server; the number finds it in the log. */
export function BrokenCard({ error, reset }: BrokenProps) {
  const t = useTranslations('common');
  return (
    <div className="page mid">
      <section className="card empty" role="alert">
        <h1>{t('broken.title')}</h1>
        <p>{t('broken.text')}</p>
        {error.digest && <p className="sm dim">{t('broken.code', { digest: error.digest })}</p>}
        <button type="button" className="btn" onClick={reset}>
          {t('broken.again')}
        </button>
      </section>
    </div>
  );
}
