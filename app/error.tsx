'use client';

import { useTranslations } from 'use-intl/react';

/** A page that threw. The message of the error stays on the server; the number finds it in the log. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const t = useTranslations('common');
  return (
    <main id="main" className="page mid">
      <section className="card empty" role="alert">
        <h1>{t('broken.title')}</h1>
        <p>{t('broken.text')}</p>
        {error.digest && <p className="sm dim">{t('broken.code', { digest: error.digest })}</p>}
        <button type="button" className="btn" onClick={reset}>
          {t('broken.again')}
        </button>
      </section>
    </main>
  );
}
