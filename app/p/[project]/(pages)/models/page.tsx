import type { Metadata } from 'next';
import Link from 'next/link';
import { listModels } from '#lib/services/models/list-models';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getFormat, getT } from '../../../../_i18n/server';
import { ImportModel } from '../../_components/import-model';
import { loadProject } from '../../_lib/load-project';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('models'))('title') };
}

export default async function ModelsPage({ params }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('model.read')) return <NoPermission action="model.read" held={project.roles} />;
  const [t, format] = [await getT('models'), await getFormat()];
  const models = await listModels(deps, actor, { projectId: project.id });
  return (
    <div className="page mid">
      <h1>{t('title')}</h1>
      <section className="card">
        {models.length === 0 ? (
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
                  <th scope="col">{t('list.kind')}</th>
                  <th scope="col">{t('list.family')}</th>
                  <th scope="col" className="n">
                    {t('list.parameters')}
                  </th>
                  <th scope="col" className="n">
                    {t('list.context')}
                  </th>
                  <th scope="col">{t('list.from')}</th>
                  <th scope="col">{t('list.when')}</th>
                </tr>
              </thead>
              <tbody>
                {models.map((model) => (
                  <tr key={model.id}>
                    <th scope="row" className="anywhere">
                      <Link href={`/p/${project.slug}/models/${model.id}`}>
                        <bdi>{model.name}</bdi>
                      </Link>
                    </th>
                    <td>{t(`kind.${model.kind}`)}</td>
                    <td className="ink2">{model.family}</td>
                    <td className="n" title={format.number(model.parameterCount)}>
                      {format.number(model.parameterCount, { notation: 'compact', maximumSignificantDigits: 3 })}
                    </td>
                    <td className="n">{format.number(model.contextLength)}</td>
                    <td className="ink2 anywhere">
                      {model.runId && model.loopName ? (
                        <Link href={`/p/${project.slug}/runs/${model.runId}`}>
                          {t('list.run', { loop: model.loopName, n: model.roundOrdinal ?? 0 })}
                        </Link>
                      ) : (
                        t('list.imported')
                      )}
                    </td>
                    <td className="nowrap dim">{format.dateTime(model.createdAt, { dateStyle: 'medium' })}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {may('model.import') && (
        <section className="card">
          <h2>{t('import.title')}</h2>
          <ImportModel projectId={project.id} primary />
        </section>
      )}
    </div>
  );
}
