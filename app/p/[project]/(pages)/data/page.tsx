import type { Metadata } from 'next';
import Link from 'next/link';
import { listDatasets } from '#lib/services/data/list-datasets';
import { listPrompts } from '#lib/services/data/list-prompts';
import { listTaskCounts } from '#lib/services/tasks/list-task-counts';
import { NoPermission } from '../../../../_components/ui/no-permission';
import { getFormat, getT } from '../../../../_i18n/server';
import { ImportPrompts } from '../../_components/import-prompts';
import { ImportTasks } from '../../_components/import-tasks';
import { loadProject } from '../../_lib/load-project';
import styles from './_components/imports.module.css';
import { PromptTable } from './_components/prompt-table';
import { TaskCounts } from './_components/task-counts';

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ dataset?: string; after?: string }> };

const pageSize = 50;

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('data'))('title') };
}

export default async function DataPage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('dataset.read')) return <NoPermission action="dataset.read" held={project.roles} />;
  const [t, format, query] = [await getT('data'), await getFormat(), await searchParams];
  const datasets = await listDatasets(deps, actor, { projectId: project.id });
  const chosen = datasets.find((dataset) => dataset.id === query.dataset);
  const after = /^\d{1,9}$/.test(query.after ?? '') ? Number(query.after) : -1;
  const page = chosen ? await listPrompts(deps, actor, { datasetId: chosen.id, after, limit: pageSize }) : null;
  return (
    <div className="page mid">
      <h1>{t('title')}</h1>
      <section className="card">
        <h2>{t('datasets.title')}</h2>
        {datasets.length === 0 ? (
          <div className="empty">
            <b>{t('datasets.none.title')}</b>
            <p>{t('datasets.none.text')}</p>
          </div>
        ) : (
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('datasets.name')}</th>
                  {(['prompts', 'train', 'validation', 'test', 'duplicates', 'rejected'] as const).map((column) => (
                    <th key={column} scope="col" className="n">
                      {t(`datasets.${column}`)}
                    </th>
                  ))}
                  <th scope="col">{t('datasets.when')}</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {datasets.map((dataset) => (
                  <tr key={dataset.id}>
                    <th scope="row" className="anywhere">
                      <bdi>{dataset.name}</bdi>
                    </th>
                    {[
                      dataset.prompts,
                      dataset.splits.TRAIN,
                      dataset.splits.VALIDATION,
                      dataset.splits.TEST,
                      dataset.duplicates,
                      dataset.rejected,
                    ].map((n, index) => (
                      <td key={index} className="n">
                        {format.number(n)}
                      </td>
                    ))}
                    <td className="nowrap dim">{format.dateTime(dataset.createdAt, { dateStyle: 'medium' })}</td>
                    <td className="right">
                      <Link
                        className="btn"
                        href={`/p/${project.slug}/data?dataset=${dataset.id}#prompts`}
                        aria-current={dataset.id === chosen?.id || undefined}
                        aria-label={`${t('prompts.show')}: ${dataset.name}`}
                      >
                        {t('prompts.show')}
                      </Link>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      {chosen && page && (
        <section className="card" id="prompts">
          <h2 className="anywhere">{t('prompts.title', { name: chosen.name })}</h2>
          <PromptTable prompts={page.prompts} />
          <div className="actions">
            {after >= 0 && (
              <Link className="btn" href={`/p/${project.slug}/data?dataset=${chosen.id}#prompts`}>
                {t('prompts.first')}
              </Link>
            )}
            {page.next !== null && (
              <Link className="btn" href={`/p/${project.slug}/data?dataset=${chosen.id}&after=${page.next}#prompts`}>
                {t('prompts.more', { n: pageSize })}
              </Link>
            )}
          </div>
        </section>
      )}
      {may('annotation.read') && (
        <section className="card" id="tasks">
          <h2>{t('tasks.title')}</h2>
          <TaskCounts kinds={await listTaskCounts(deps, actor, { projectId: project.id })} />
        </section>
      )}
      <div className={styles.imports}>
        {may('dataset.import') && (
          <section className="card">
            <h2>{t('import.title')}</h2>
            <ImportPrompts projectId={project.id} primary />
          </section>
        )}
        {may('labeling.manage') && (
          <section className="card">
            <h2>{t('tasks.import.title')}</h2>
            <ImportTasks projectId={project.id} />
          </section>
        )}
      </div>
    </div>
  );
}
