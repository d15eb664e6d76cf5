import type { Metadata } from 'next';
import Link from 'next/link';
import { taskKinds } from '#lib/domain/forms';
import { listOwnAnnotations } from '#lib/services/own-work/list-own-annotations';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import styles from './_components/history.module.css';
import { HistoryFilter } from './_components/history-filter';
import { HistoryRow } from './_components/history-row';

interface Props {
  params: Promise<{ project: string }>;
  searchParams: Promise<{ kind?: string; only?: string; after?: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('mine'))('history.title') };
}

const filters = ['flagged', 'changed', 'surplus'] as const;
const uuid = /^[0-9a-f-]{36}$/;

/** "2026-11-22T19:00:00.000Z_<id>", or nothing where the address holds something else. */
function cursorOf(value: string | undefined): { at: Date; id: string } | undefined {
  const [at = '', id = ''] = value?.split('_') ?? [];
  const time = new Date(at);
  return Number.isNaN(time.getTime()) || !uuid.test(id) ? undefined : { at: time, id };
}

/** What this person sent, the newest first; both kept where one took the place of another. */
export default async function HistoryPage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('labeling.annotate')) return <NoPermission action="labeling.annotate" held={project.roles} />;
  const [t, asked] = [await getT('mine'), await searchParams];
  const kind = taskKinds.find((one) => one === asked.kind);
  const only = filters.find((one) => one === asked.only);
  const { annotations, next } = await listOwnAnnotations(deps, actor, { projectId: project.id, kind, only, after: cursorOf(asked.after) });
  const earlier =
    next && new URLSearchParams({ ...(kind && { kind }), ...(only && { only }), after: `${next.at.toISOString()}_${next.id}` });
  // Without a filter and without a row there is nothing to filter.
  const nothing = annotations.length === 0 && !kind && !only && !asked.after;
  return (
    <div className="page mid">
      <div>
        <h1>{t('history.title')}</h1>
        <p className="ink2">{t('history.text')}</p>
      </div>
      {!nothing && <HistoryFilter kind={kind ?? ''} only={only ?? ''} />}
      {annotations.length === 0 ? (
        <section className="card">
          <div className="empty">
            <h2>{t('history.empty')}</h2>
            <p>{nothing ? t('history.emptyText') : t('history.emptyFilter')}</p>
            {nothing && (
              <Link className="btn" href={`/p/${project.slug}/annotate`}>
                {t('next.start')}
              </Link>
            )}
          </div>
        </section>
      ) : (
        <ol className={`plain ${styles.list}`}>
          {annotations.map((annotation) => (
            <HistoryRow key={annotation.id} annotation={annotation} slug={project.slug} />
          ))}
        </ol>
      )}
      {earlier && (
        <Link className={`btn lg ${styles.more}`} href={`/p/${project.slug}/history?${earlier}`}>
          {t('history.more')}
        </Link>
      )}
    </div>
  );
}
