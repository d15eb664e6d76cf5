'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl/react';
import { signIn } from '../../../_auth/sign-in-request';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { useTRPC } from '../../../_trpc/client';

interface Props {
  token: string;
  /** The invitation is for this address only. */
  email: string | null;
  /** Join with the account that is signed in. */
  signedInAs: string | null;
}

const shortest = 10;

export function JoinForm({ token, email, signedInAs }: Props) {
  const t = useTranslations('people');
  const accept = useMutation(useTRPC().people.acceptInvitation.mutationOptions());
  const [short, setShort] = useState(false);
  const [leaving, setLeaving] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (accept.isPending || leaving) return;
    const form = new FormData(event.currentTarget);
    const account = {
      name: String(form.get('name')).trim(),
      email: String(form.get('email')).trim(),
      password: String(form.get('password')),
    };
    if (!signedInAs) {
      setShort(account.password.length < shortest);
      if (account.password.length < shortest) return;
    }
    const joined = await accept.mutateAsync(signedInAs ? { token } : { token, account }).catch(() => null);
    if (!joined) return;
    setLeaving(true);
    const home = joined.projectSlug ? `/p/${joined.projectSlug}` : '/';
    const outcome = signedInAs ? 'in' : await signIn(account.email, account.password);
    window.location.assign(outcome === 'in' ? home : `/sign-in?next=${encodeURIComponent(home)}`);
  }

  return (
    // Sent before the page is ready, a form goes the plain way: by POST, so that no password comes into an address.
    <form method="post" onSubmit={submit}>
      <ErrorNote error={accept.error} />
      {signedInAs ? (
        <p>{t('join.as', { email: signedInAs })}</p>
      ) : (
        <>
          <Field label={t('name')} hint={t('nameHint')}>
            {(ids) => <input {...ids} name="name" autoComplete="name" required maxLength={200} />}
          </Field>
          <Field label={t('email')}>
            {(ids) => (
              <input
                {...ids}
                name="email"
                type="email"
                autoComplete="username"
                required
                defaultValue={email ?? ''}
                readOnly={email !== null}
                dir="ltr"
              />
            )}
          </Field>
          <Field label={t('password')} hint={t('passwordHint', { n: shortest })} wrong={short ? t('passwordShort', { n: shortest }) : null}>
            {(ids) => <input {...ids} name="password" type="password" autoComplete="new-password" required maxLength={200} dir="ltr" />}
          </Field>
        </>
      )}
      <button type="submit" className="btn primary lg" aria-busy={accept.isPending || leaving}>
        {accept.isPending || leaving ? t('join.busy') : t('join.do')}
      </button>
    </form>
  );
}
