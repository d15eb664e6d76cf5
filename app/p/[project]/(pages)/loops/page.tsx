import type { Metadata } from 'next';
import Link from 'next/link';
import { listDatasets } from '#lib/services/data/list-datasets';
import { listLoops } from '#lib/services/loops/list-loops';
import { listModels } from '#lib/services/models/list-models';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { StateChip } from '../../../../_components/ui/state-chip';
import { getFormat, getT } from '../../../../_i18n/server';
import { StartLoop } from '../../_components/start-loop';
import { loadProject } from '../../_lib/load-project';
import { policyChoices } from '../../_lib/policy-choices';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('loops'))('title') };
}

export default async function LoopsPage({ params }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('loop.read')) return <NoPermission action="loop.read" held={project.roles} />;
  const [t, format] = [await getT('loops'), await getFormat()];
  const projectId = project.id;
  const [loops, datasets, policies] = await Promise.all([
    listLoops(deps, actor, { projectId }),
    listDatasets(deps, actor, { projectId }),
    listModels(deps, actor, { projectId, kind: 'POLICY' }),
  ]);
  return (
    <div className="page mid">
      <h1>{t('title')}</h1>
      <section className="card">
        {loops.length === 0 ? (
          <div className="empty">
            <b>{t('list.none.title')}</b>
            <p>{t('list.none.text')}</p>
          </div>
        ) : (
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('list.name')}</th>
                  <th scope="col">{t('list.state')}</th>
                  <th scope="col" className="n">
                    {t('list.round')}
                  </th>
                  <th scope="col">{t('list.stage')}</th>
                  <th scope="col">{t('list.started')}</th>
                </tr>
              </thead>
              <tbody>
                {loops.map((loop) => (
                  <tr key={loop.id}>
                    <th scope="row" className="anywhere">
                      <Link href={`/p/${project.slug}/loops/${loop.id}`}>
                        <bdi>{loop.name}</bdi>
                      </Link>
                    </th>
                    <td>
                      {loop.waitingFor ? (
                        <StateChip
                          state="WAITING"
                          word={t(loop.waitingFor === 'RESEARCHER' ? 'list.waitsResearcher' : 'list.waitsAnnotator')}
                        />
                      ) : (
                        <StateChip state={loop.status} />
                      )}
                    </td>
                    <td className="n">{format.number(loop.rounds)}</td>
                    <td>{loop.stage ? t(`stage.${loop.stage}`) : '–'}</td>
                    <td className="nowrap dim">{format.dateTime(loop.createdAt, { dateStyle: 'medium' })}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {may('loop.create') && (
        <section className="card">
          <h2>{t('create.title')}</h2>
          {datasets.length > 0 && policies.length > 0 ? (
            <StartLoop
              projectId={projectId}
              slug={project.slug}
              datasets={datasets.map(({ id, name, splits }) => ({ id, name, splits }))}
              policies={policyChoices(policies)}
              primary
            />
          ) : (
            <p className="sm ink2">
              {t('create.needs')} <Link href={`/p/${project.slug}`}>{project.name}</Link>
            </p>
          )}
        </section>
      )}
    </div>
  );
}
