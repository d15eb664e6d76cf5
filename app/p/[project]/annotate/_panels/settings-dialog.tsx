'use client';

import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../_components/ui/dialog';
import { PreferencesForm } from '../../_components/preferences-form';
import { useAnnotate } from '../_components/annotate-context';
import { useOwnSettings } from './own-settings';

/** Blur, hidden categories and breaks, without leaving the task. */
export default function SettingsDialog() {
  const t = useTranslations('mine.settings');
  const common = useTranslations('common');
  const { store, project } = useAnnotate();
  const own = useOwnSettings();
  const close = () => store.getState().panel === 'settings' && store.open(null);
  if (own === null) return null;
  return (
    <Dialog title={t('title')} onClose={close}>
      <p className="ink2">{t('text')}</p>
      <PreferencesForm projectId={project.id} initial={own.preferences} onSaved={own.change} />
      <div className="actions">
        <button type="button" className="btn" onClick={close}>
          {common('close')}
        </button>
      </div>
    </Dialog>
  );
}
