'use client';

import { useMutation } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { useTranslations } from 'use-intl/react';
import { Dialog } from '../../../../_components/ui/dialog';
import { ErrorNote } from '../../../../_components/ui/error-note';
import { useTRPC } from '../../../../_trpc/client';
import { MessageForm } from '../../_components/message-form';
import { MessageList } from '../../_components/message-list';
import { useAnnotate, useTask } from '../_components/annotate-context';

/** What was written about the task on the screen, and one message more; the task stays as it is. */
export default function MessagesDialog() {
  const t = useTranslations('contact');
  const common = useTranslations('common');
  const { store, project } = useAnnotate();
  const { taskId } = useTask().view;
  const { mutate, data, error } = useMutation(useTRPC().messages.read.mutationOptions());
  const projectId = project.id;
  const load = useCallback(() => mutate({ projectId, taskId }), [mutate, projectId, taskId]);
  useEffect(load, [load]);
  const close = () => store.getState().panel === 'messages' && store.open(null);
  return (
    <Dialog title={t('thread.about')} onClose={close}>
      <ErrorNote error={error} />
      {data && <MessageList view={data} />}
      <MessageForm thread={{ projectId, taskId }} lead={false} onSent={load} />
      <div className="actions">
        <button type="button" className="btn" onClick={close}>
          {common('close')}
        </button>
      </div>
    </Dialog>
  );
}
