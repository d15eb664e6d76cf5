'use client';

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl/react';
import { type Role, roles } from '#lib/domain/permissions';
import { ErrorNote } from '../../../_components/ui/error-note';
import { Field } from '../../../_components/ui/field';
import { useTRPC } from '../../../_trpc/client';
import styles from './forms.module.css';

interface Props {
  projectId: string;
  primary: boolean;
}

/** Makes a link for one person with the chosen roles; the link is shown once. */
export function InvitePeople({ projectId, primary }: Props) {
  const t = useTranslations('people');
  const common = useTranslations('common');
  const format = useFormatter();
  const create = useMutation(useTRPC().people.createInvitation.mutationOptions());
  const [noRole, setNoRole] = useState(false);
  const [copied, setCopied] = useState(false);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (create.isPending) return;
    const form = new FormData(event.currentTarget);
    const chosen = roles.filter((role) => form.get(role) !== null);
    setNoRole(chosen.length === 0);
    if (chosen.length === 0) return;
    setCopied(false);
    const email = String(form.get('email')).trim();
    create.mutate({ projectId, roles: chosen as Role[], ...(email && { email }) });
  }

  if (create.data) {
    const link = `${window.location.origin}/join/${create.data.token}`;
    return (
      <div className={styles.form}>
        <Field
          label={t('invite.link')}
          hint={t('invite.until', {
            date: format.dateTime(create.data.expiresAt, {
              day: 'numeric',
              month: 'long',
              hour: 'numeric',
              minute: '2-digit',
              hourCycle: 'h23',
            }),
          })}
        >
          {(ids) => (
            <div className={styles.link}>
              <input {...ids} readOnly value={link} dir="ltr" onFocus={(event) => event.currentTarget.select()} />
              <button
                type="button"
                className={primary ? 'btn primary lg' : 'btn lg'}
                onClick={async () => {
                  await navigator.clipboard.writeText(link).catch(() => undefined);
                  setCopied(true);
                }}
              >
                {copied ? common('copied') : common('copy')}
              </button>
            </div>
          )}
        </Field>
        <div>
          <button type="button" className="btn" onClick={() => create.reset()}>
            {t('invite.another')}
          </button>
        </div>
      </div>
    );
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <p className="ink2">{t('invite.text')}</p>
      <ErrorNote error={create.error} />
      <fieldset className={styles.roles}>
        <legend>{t('invite.roles')}</legend>
        {roles.map((role) => (
          <label key={role} className="choice">
            <input type="checkbox" name={role} defaultChecked={role === 'ANNOTATOR'} />
            <span>
              {common(`role.${role}`)} <span className="dim">{common(`roleHelp.${role}`)}</span>
            </span>
          </label>
        ))}
        {noRole && (
          <span className="sm" role="alert">
            {t('invite.rolesMissing')}
          </span>
        )}
      </fieldset>
      <Field label={t('invite.email')}>{(ids) => <input {...ids} name="email" type="email" dir="ltr" autoComplete="off" />}</Field>
      <div>
        <button type="submit" className={primary ? 'btn primary lg' : 'btn lg'} aria-busy={create.isPending}>
          {create.isPending ? t('invite.busy') : t('invite.make')}
        </button>
      </div>
    </form>
  );
}
