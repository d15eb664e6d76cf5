'use client';

import { useTranslations } from 'use-intl/react';
import { Menu } from '../ui/menu';

/** Initials of a name in any script: first letters of the first and the last word. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

export function AccountMenu({ name, email }: { name: string; email: string }) {
  const t = useTranslations('common');
  async function signOut() {
    await fetch('/api/auth/sign-out', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    window.location.assign('/sign-in');
  }
  return (
    <Menu
      trigger={
        <>
          <span className="avatar" aria-hidden="true">
            {initials(name)}
          </span>
          <span className="hidden-text">{t('account', { name })}</span>
        </>
      }
      className="btn quiet icon"
      align="end"
    >
      <div className="label">
        <div className="ink2 b anywhere">{name}</div>
        <div className="anywhere">{email}</div>
      </div>
      <hr />
      <button type="button" onClick={signOut}>
        {t('signOut')}
      </button>
    </Menu>
  );
}
