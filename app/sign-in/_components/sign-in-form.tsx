'use client';

import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { type SignInOutcome, signIn } from '../../_auth/sign-in-request';
import { Field } from '../../_components/ui/field';
import { Icon } from '../../_components/ui/icon';

export function SignInForm({ next }: { next: string }) {
  const t = useTranslations('people');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<SignInOutcome | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const result = await signIn(String(form.get('email')), String(form.get('password')));
    setOutcome(result);
    if (result === 'in') window.location.assign(next);
    else setBusy(false);
  }

  return (
    // Sent before the page is ready, a form goes the plain way: by POST, so that no password comes into an address.
    <form method="post" onSubmit={submit}>
      {outcome && outcome !== 'in' && (
        <div className="note bad row" role="alert">
          <Icon name="warn" />
          <span className="grow">{t(`signIn.${outcome}`)}</span>
        </div>
      )}
      <Field label={t('email')}>{(ids) => <input {...ids} name="email" type="email" autoComplete="username" required dir="ltr" />}</Field>
      <Field label={t('password')}>
        {(ids) => <input {...ids} name="password" type="password" autoComplete="current-password" required dir="ltr" />}
      </Field>
      <button type="submit" className="btn primary lg" aria-busy={busy}>
        {busy ? t('signIn.busy') : t('signIn.do')}
      </button>
    </form>
  );
}
