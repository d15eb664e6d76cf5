import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { AppError } from '#lib/errors';
import { getModel } from '#lib/services/models/get-model';
import { NoPermission } from '../../../../../_components/ui/no-permission';
import { bytes } from '../../../../../_i18n/bytes';
import { getFormat, getT } from '../../../../../_i18n/server';
import { loadProject } from '../../../_lib/load-project';

type Props = { params: Promise<{ project: string; model: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('models'))('title') };
}

export default async function ModelPage({ params }: Props) {
  const { project: slug, model: modelId } = await params;
  const { deps, actor, project, may } = await loadProject(slug);
  if (!may('model.read')) return <NoPermission action="model.read" held={project.roles} />;
  const [t, format] = [await getT('models'), await getFormat()];
  const model = await getModel(deps, actor, { modelId }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'NOT_FOUND') notFound();
    if (error instanceof Error && error.name === 'ZodError') notFound();
    throw error;
  });
  const facts: readonly (readonly [string, string])[] = [
    [t('list.kind'), t(`kind.${model.kind}`)],
    [t('list.family'), model.family],
    [t('list.parameters'), format.number(model.parameterCount)],
    [t('list.context'), format.number(model.contextLength)],
    [t('detail.vocabulary'), format.number(model.vocabularySize)],
    [t('list.when'), format.dateTime(model.createdAt, 'moment')],
  ];
  return (
    <div className="page mid">
      <h1>
        <bdi>{model.name}</bdi>
      </h1>
      <section className="card">
        <h2>{t('detail.facts')}</h2>
        <table>
          <tbody>
            {facts.map(([name, value]) => (
              <tr key={name}>
                <td className="dim">{name}</td>
                <td>{value}</td>
              </tr>
            ))}
            <tr>
              <td className="dim">{t('detail.hash')}</td>
              <td>
                <code className="mono anywhere">{model.weightsHash}</code>
              </td>
            </tr>
          </tbody>
        </table>
      </section>
      <section className="card">
        <h2>{t('detail.files')}</h2>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{t('detail.file')}</th>
                <th scope="col" className="n">
                  {t('detail.size')}
                </th>
              </tr>
            </thead>
            <tbody>
              {model.files.map((file) => (
                <tr key={file.name}>
                  <td className="mono anywhere" title={file.sha256}>
                    {file.name}
                  </td>
                  <td className="n nowrap">{file.size === null ? '–' : bytes(file.size, format)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {(['parents', 'children'] as const).map((side) => (
        <section key={side} className="card">
          <h2>{t(`detail.${side}`)}</h2>
          {model[side].length === 0 ? (
            <p className="sm dim">{t(side === 'parents' ? 'detail.noParents' : 'detail.noChildren')}</p>
          ) : (
            <table>
              <tbody>
                {model[side].map((edge) => (
                  <tr key={`${edge.kind}-${edge.id}`}>
                    <td className="dim">{t(`detail.edge.${edge.kind}`)}</td>
                    <td className="anywhere">
                      <bdi>{edge.name}</bdi>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      ))}
    </div>
  );
}
