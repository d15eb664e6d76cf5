import type { Metadata } from 'next';
import { getPreferences } from '#lib/services/own-work/get-preferences';
import { NoPermission } from '../../../../../_components/ui/no-permission';
import { getT } from '../../../../../_i18n/server';
import { PreferencesForm } from '../../../_components/preferences-form';
import { loadProject } from '../../../_lib/load-project';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getT('mine'))('settings.title') };
}

export default async function OwnSettingsPage({ params }: { params: Promise<{ project: string }> }) {
  const { deps, actor, project, may } = await loadProject((await params).project);
  if (!may('labeling.annotate')) return <NoPermission action="labeling.annotate" held={project.roles} />;
  const t = await getT('mine');
  return (
    <div className="page mid">
      <div>
        <h1>{t('settings.title')}</h1>
        <p className="ink2">{t('settings.text')}</p>
      </div>
      <section className="card">
        <PreferencesForm projectId={project.id} initial={await getPreferences(deps, actor, { projectId: project.id })} />
      </section>
    </div>
  );
}
