import Link from 'next/link';
import { listThreads } from '#lib/services/messages/list-threads';
import { getFormat, getT } from '../../../../../_i18n/server';
import type { loadProject } from '../../../_lib/load-project';
import styles from './messages.module.css';

interface Props {
  loaded: Awaited<ReturnType<typeof loadProject>>;
  scope: 'own' | 'project';
  after?: string | undefined;
}

function cursorOf(value: string | undefined): { at: Date; taskId: string; annotatorId: string } | undefined {
  const [at = '', taskId = '', annotatorId = ''] = value?.split('_') ?? [];
  const time = new Date(at);
  return Number.isNaN(time.getTime()) || taskId.length !== 36 || annotatorId.length !== 36 ? undefined : { at: time, taskId, annotatorId };
}

/** Threads, the one written in last on top; what is unread says so. */
export async function ThreadsCard({ loaded, scope, after }: Props) {
  const { deps, actor, project, may } = loaded;
  const [t, kinds, format] = [await getT('contact'), await getT('mine'), await getFormat()];
  const { threads, next } = await listThreads(deps, actor, { projectId: project.id, scope, after: cursorOf(after) });
  const lead = scope === 'project';
  // Who leads a project and has written about no task as an annotator needs no empty card for it.
  if (!lead && threads.length === 0 && may('labeling.manage')) return null;
  const here = `/p/${project.slug}/messages`;
  return (
    <section className="card">
      <h2>{lead ? t('inbox.title') : t('own.title')}</h2>
      {threads.length === 0 && (
        <div className="empty">
          <b>{t(lead ? 'inbox.none' : 'own.none')}</b>
          <p>{t(lead ? 'inbox.noneText' : 'own.noneText')}</p>
        </div>
      )}
      <ul className={`plain ${styles.threads}`}>
        {threads.map((thread) => (
          <li key={`${thread.taskId} ${thread.annotatorId}`}>
            <Link href={`${here}?task=${thread.taskId}${lead ? `&annotator=${thread.annotatorId}` : ''}`} className={styles.thread}>
              <span className={styles.threadHead}>
                {thread.annotatorName !== null && <bdi className="b anywhere">{thread.annotatorName}</bdi>}
                <span className="sm dim">{kinds(`kindName.${thread.kind}`)}</span>
                <span className="sm dim">{format.dateTime(thread.last.at, 'moment')}</span>
                {thread.unread > 0 && <span className="chip acc">{t('unread', { n: thread.unread })}</span>}
              </span>
              <span className={`sm ink2 ${styles.clamped}`}>
                <bdi>{thread.asks.text}</bdi>
                {thread.asks.more && '…'}
              </span>
              <span className={styles.clamped}>
                <span className="dim">{t(`from.${thread.last.from === 'ANNOTATOR' && !lead ? 'you' : thread.last.from}`)}: </span>
                <bdi>{thread.last.text}</bdi>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {next && (
        <Link className="btn" href={`${here}?after=${next.at.toISOString()}_${next.taskId}_${next.annotatorId}`}>
          {t('more')}
        </Link>
      )}
    </section>
  );
}
