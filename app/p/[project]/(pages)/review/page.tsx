import type { Metadata } from 'next';
import Link from 'next/link';
import { z } from 'zod';
import { listReviewQueue, type ReviewQueueItem } from '#lib/services/review/list-review-queue';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getFormat, getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import styles from './_components/queue.module.css';
import { RequestScoring } from './_components/request-scoring';

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ order?: string }> };

const orders = ['disagreement', 'surprise'] as const;
/** What is decided leaves the list, so that the ones after these come up. */
const shown = 50;
const orderSchema = z.enum(orders).catch('disagreement');

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('review'))('title') };
}

/** What a reviewer should decide first. */
export default async function ReviewPage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('review.judge')) return <NoPermission action="review.judge" held={project.roles} />;
  const order = orderSchema.parse((await searchParams).order);
  const [t, format] = [await getT('review'), await getFormat()];
  const queue = await listReviewQueue(deps, actor, { projectId: project.id, order, limit: shown });
  const [first] = queue.items;
  return (
    <div className="page mid">
      <h1>{t(`queue.${order}`)}</h1>
      <nav aria-label={t('queue.order')} className="row wrap">
        {orders.map((each) => (
          <Link
            key={each}
            href={`?order=${each}`}
            className={each === order ? 'chip acc' : 'chip'}
            aria-current={each === order ? 'page' : undefined}
          >
            {t(`queue.by.${each}`)}
          </Link>
        ))}
        <span className="sm ink2">{t('queue.count', { open: queue.open, decided: queue.decided })}</span>
      </nav>
      {first && (
        <div>
          <Link className="btn primary" href={`/p/${project.slug}/review/${first.taskId}`}>
            {t('queue.next')}
          </Link>
        </div>
      )}
      <section className="card">
        {queue.items.length === 0 ? (
          <div className="empty">
            <b>{t(`queue.none.${order}.title`)}</b>
            <p>{t(`queue.none.${order}.text`)}</p>
          </div>
        ) : (
          <ul className={`plain ${styles.queue}`}>{queue.items.map(item)}</ul>
        )}
        {queue.open > queue.items.length && <p className="sm dim">{t('queue.first', { n: queue.items.length })}</p>}
        {order === 'surprise' && may('run.operate') && <RequestScoring projectId={project.id} slug={project.slug} />}
      </section>
    </div>
  );

  function item({ taskId, kind, prompt, labels, disagreement, surprise, judged }: ReviewQueueItem) {
    const facts = [
      t(`kind.${kind}`),
      t('queue.labels', { n: labels }),
      ...(disagreement === null ? [] : [t('queue.disagree', { share: format.number(disagreement, { style: 'percent' }) })]),
      ...(surprise === null ? [] : [t('queue.bits', { bits: format.number(surprise, { maximumFractionDigits: 1 }) })]),
    ];
    return (
      <li key={taskId}>
        <Link href={`/p/${project.slug}/review/${taskId}`} className={styles.prompt}>
          <bdi>{prompt.length > 200 ? `${prompt.slice(0, 200).trimEnd()}…` : prompt}</bdi>
        </Link>
        <p className={`sm ink2 ${styles.facts}`}>
          {facts.join(' · ')} {judged && <span className="chip warn">{t('queue.judged')}</span>}
        </p>
      </li>
    );
  }
}
