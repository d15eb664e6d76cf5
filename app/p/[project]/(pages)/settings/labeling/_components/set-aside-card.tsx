'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useFormatter, useTranslations } from 'use-intl/react';
import type { SetAsideTask } from '#lib/services/labeling/list-set-aside';
import { ErrorNote } from '../../../../../../_components/ui/error-note';
import { useTRPC } from '../../../../../../_trpc/client';
import styles from '../labeling.module.css';

/** What people could not judge: each task with their reasons, and the way back to the queue. */
export function SetAsideCard({ tasks, total }: { tasks: readonly SetAsideTask[]; total: number }) {
  const t = useTranslations('labeling.setAside');
  const format = useFormatter();
  return (
    <section className="card" aria-labelledby="set-aside">
      <h2 id="set-aside">{t('title')}</h2>
      <p className="ink2">{total === 0 ? t('nothing') : t('text', { n: total })}</p>
      <ul className={styles.aside}>
        {tasks.map((task) => (
          <SetAside key={task.taskId} task={task} />
        ))}
      </ul>
      {total > tasks.length && <p className="ink2">{t('more', { n: format.number(total - tasks.length) })}</p>}
    </section>
  );
}

function SetAside({ task: { taskId, kind, at, messages, skips } }: { task: SetAsideTask }) {
  const t = useTranslations('labeling.setAside');
  const kinds = useTranslations('form.kind');
  const format = useFormatter();
  const reasons = useTranslations('annotate.skip');
  const router = useRouter();
  const giveBack = useMutation(useTRPC().labeling.returnTask.mutationOptions({ onSuccess: () => router.refresh() }));
  return (
    <li>
      <div className={styles.words}>
        <p className={`anywhere ${styles.prompt}`} dir="auto">
          {messages.findLast(({ role }) => role === 'user')?.content ?? messages.at(-1)?.content}
        </p>
        <p className="dim sm">{t('facts', { kind: kinds(kind), n: skips.length, at: format.dateTime(at, 'moment') })}</p>
        <ul className={`ink2 sm ${styles.skips}`}>
          {skips.map(({ reason, note }, index) => (
            <li key={index} className="anywhere">
              {note === '' ? reasons(reason) : t.rich('said', { reason: reasons(reason), note, bdi: (text) => <bdi>{text}</bdi> })}
            </li>
          ))}
        </ul>
        <ErrorNote error={giveBack.error} />
      </div>
      <button
        type="button"
        className="btn"
        aria-busy={giveBack.isPending}
        onClick={() => !giveBack.isPending && giveBack.mutate({ taskId })}
      >
        {t('return')}
      </button>
    </li>
  );
}
