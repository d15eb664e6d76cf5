import type { Metadata } from 'next';
import Link from 'next/link';
import { z } from 'zod';
import { getArena } from '#lib/services/arena/get-arena';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getFormat, getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { ArenaTable } from './_components/arena-table';
import { RatingChart } from './_components/rating-chart';
import { WinTable } from './_components/win-table';

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ source?: string }> };

const sources = ['ALL', 'LABELING', 'EVALUATION', 'CHAT'] as const;
const sourceSchema = z.enum(sources).catch('ALL');

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('arena'))('tab') };
}

export default async function ArenaPage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('model.read')) return <NoPermission action="model.read" held={project.roles} />;
  const source = sourceSchema.parse((await searchParams).source);
  const [t, format] = [await getT('arena'), await getFormat()];
  const arena = await getArena(deps, actor, { projectId: project.id, source });
  const top = arena.models.filter(({ rank }) => rank === 1);
  const points = (value: number) => format.number(value, { maximumFractionDigits: 0, signDisplay: 'exceptZero' });
  return (
    <div className="page mid">
      <h1>{t('title')}</h1>
      <nav aria-label={t('source.label')} className="row wrap">
        {sources.map((each) => (
          <Link
            key={each}
            href={`?source=${each}`}
            className={each === source ? 'chip acc' : 'chip'}
            aria-current={each === source ? 'page' : undefined}
          >
            {t(`source.${each}`)}
          </Link>
        ))}
      </nav>
      {arena.models.length === 0 ? (
        <section className="card empty">
          <b>{t('none.title')}</b>
          <p>{t('none.text')}</p>
        </section>
      ) : (
        <>
          <section className="card">
            <h2>{headline()}</h2>
            <p className="sm ink2">
              {t('count', { comparisons: arena.comparisons, labels: arena.labels })}
              {arena.truncated && ` ${t('truncated', { labels: arena.labels })}`}
            </p>
            {arena.reason === null && <RatingChart models={arena.models} />}
            {arena.order?.defined && (
              <p className="sm ink2" style={{ marginBlock: 'var(--s-2)' }}>
                {t('order', { value: points(arena.order.value), low: points(arena.order.low), high: points(arena.order.high) })}
              </p>
            )}
            <ArenaTable models={arena.models} slug={project.slug} />
          </section>
          <section className="card">
            <h2>{t('cells.title')}</h2>
            <WinTable models={arena.models} cells={arena.cells} />
          </section>
        </>
      )}
    </div>
  );

  function headline(): string {
    if (arena.reason !== null) return t('undefined', { reason: arena.reason });
    const [best] = top;
    return top.length === 1 && best ? t('lead', { best: best.name }) : t('tied', { n: top.length });
  }
}
