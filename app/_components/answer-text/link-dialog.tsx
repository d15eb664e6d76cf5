'use client';

import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl/react';
import styles from './answer-text.module.css';

/** Shows where a link leads, in full, before anything leaves the page. */
export function LinkDialog({ address, close }: { address: string; close: () => void }) {
  const t = useTranslations('annotate.text');
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const host = new URL(address).host;
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="link-dialog-title" className={styles.dialog}>
      <h2 id="link-dialog-title">{t('linkTitle', { host: host === '' ? address : host })}</h2>
      <p className={styles.address} dir="ltr">
        {address}
      </p>
      <p className="ink2">{t('linkWhy')}</p>
      <div className="actions">
        <button type="button" className="btn" onClick={() => dialog.current?.close()}>
          {t('linkStay')}
        </button>
        <a className="btn primary" href={address} target="_blank" rel="noopener noreferrer" onClick={() => dialog.current?.close()}>
          {t('linkOpen')}
        </a>
      </div>
    </dialog>
  );
}
