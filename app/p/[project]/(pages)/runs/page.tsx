import type { Metadata } from 'next';
import Link from 'next/link';
import { listRuns } from '#lib/services/runs/list-runs';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { StateChip } from '../../../../_components/ui/state-chip';
import { getFormat, getT } from '../../../../_i18n/server';
import { loadProject } from '../../_lib/load-project';
import { spanWords } from './_components/span-words';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('runs'))('title') };
}

export default async function RunsPage({ params }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('run.read')) return <NoPermission action="run.read" held={project.roles} />;
  const [t, format] = [await getT('runs'), await getFormat()];
  const runs = await listRuns(deps, actor, { projectId: project.id, limit: 200 });
  const now = deps.clock.now().getTime();
  return (
    <div className="page">
      <h1>{t('title')}</h1>
      <section className="card">
        {runs.length === 0 ? (
          <div className="empty">
            <b>{t('list.none.title')}</b>
            <p>{t('list.none.text')}</p>
          </div>
        ) : (
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('list.run')}</th>
                  <th scope="col">{t('list.loop')}</th>
                  <th scope="col">{t('list.state')}</th>
                  <th scope="col" className="n">
                    {t('list.step')}
                  </th>
                  <th scope="col">{t('list.device')}</th>
                  <th scope="col">{t('list.started')}</th>
                  <th scope="col" className="n">
                    {t('list.took')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {runs.map((run) => (
                  <tr key={run.id}>
                    <th scope="row" className="nowrap">
                      <Link href={`/p/${project.slug}/runs/${run.id}`}>
                        {run.roundOrdinal === null
                          ? t(`kind.${run.kind}`)
                          : t('name', { kind: t(`kind.${run.kind}`), n: run.roundOrdinal })}
                      </Link>
                    </th>
                    <td className="ink2 anywhere">
                      {run.loopId && (
                        <Link href={`/p/${project.slug}/loops/${run.loopId}`}>
                          <bdi>{run.loopName}</bdi>
                        </Link>
                      )}
                    </td>
                    <td>
                      <StateChip state={run.status} />
                    </td>
                    <td className="n nowrap">
                      {format.number(run.step)}
                      {run.totalSteps !== null && <span className="dim"> / {format.number(run.totalSteps)}</span>}
                    </td>
                    <td>{t(`device.${run.device}`)}</td>
                    <td className="nowrap dim">
                      {run.startedAt
                        ? format.dateTime(run.startedAt, {
                            day: 'numeric',
                            month: 'short',
                            hour: '2-digit',
                            minute: '2-digit',
                            hourCycle: 'h23',
                          })
                        : '–'}
                    </td>
                    <td className="n nowrap">
                      {run.startedAt ? spanWords((run.finishedAt?.getTime() ?? now) - run.startedAt.getTime(), t) : '–'}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </div>
  );
}
