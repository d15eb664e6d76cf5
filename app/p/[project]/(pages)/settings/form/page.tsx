import type { Metadata } from 'next';
import Link from 'next/link';
import { defaultForm, type FormSpec, type TaskKind, taskKinds } from '#lib/domain/forms';
import { listFormVersions } from '#lib/services/forms/list-form-versions';
import { NoPermission } from '../../../../../_components/ui/no-permission';
import { getT } from '../../../../../_i18n/server';
import { loadProject } from '../../../_lib/load-project';
import { FormBuilder } from './_components/form-builder';
import { VersionList } from './_components/version-list';

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ kind?: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('form'))('title') };
}

export default async function FormPage({ params, searchParams }: Props) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('form.read')) return <NoPermission action="form.read" held={project.roles} />;
  const [t, query] = [await getT('form'), await searchParams];
  const versions = await listFormVersions(deps, actor, { projectId: project.id });
  const saved = Object.fromEntries(
    taskKinds.map((kind) => {
      const newest = versions.find((version) => version.kind === kind);
      return [kind, newest ? { version: newest.version, spec: newest.spec } : { version: 0, spec: defaultForm(kind) }];
    }),
  ) as Record<TaskKind, { version: number; spec: FormSpec }>;
  return (
    <div className="page">
      <h1>{t('title')}</h1>
      <p className="ink2">
        {t('intro')} <Link href={`/p/${project.slug}/settings`}>{t('back')}</Link>
      </p>
      <FormBuilder
        project={{ id: project.id, slug: project.slug, name: project.name }}
        saved={saved}
        kind={taskKinds.find((kind) => kind === query.kind) ?? 'RANKING'}
        mayWrite={may('form.write')}
      />
      <section className="card">
        <h2>{t('versions.title')}</h2>
        <VersionList versions={versions} />
      </section>
    </div>
  );
}
