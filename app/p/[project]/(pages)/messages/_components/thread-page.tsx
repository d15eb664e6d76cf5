import Link from 'next/link';
import type { ThreadView } from '#lib/services/messages/read-thread';
import { Icon } from '../../../../../_components/ui/icon';
import { getT } from '../../../../../_i18n/server';
import { MessageForm } from '../../../_components/message-form';
import { MessageList } from '../../../_components/message-list';
import styles from './messages.module.css';

interface Props {
  slug: string;
  thread: { projectId: string; taskId: string; annotatorId?: string };
  view: ThreadView;
}

/** Everything written about one task by its annotator and the lead. */
export async function ThreadPage({ slug, thread, view }: Props) {
  const [t, kinds] = [await getT('contact'), await getT('mine')];
  return (
    <div className="page mid">
      <div className={styles.head}>
        <h1>
          {view.annotatorName === null ? t('thread.about') : <bdi>{t('thread.with', { name: view.annotatorName })}</bdi>}{' '}
          <span className="dim">{kinds(`kindName.${view.task.kind}`)}</span>
        </h1>
        <Link className="btn" href={`/p/${slug}/messages`}>
          <Icon name="left" />
          {t('thread.back')}
        </Link>
      </div>
      <section className="card">
        <p className={`ink2 ${styles.asks}`} dir="auto">
          {view.task.asks.text}
          {view.task.asks.more && '…'}
        </p>
        <MessageList view={view} />
        <MessageForm thread={thread} lead={view.annotatorName !== null} />
      </section>
    </div>
  );
}
